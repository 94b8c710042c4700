import * as $protobuf from "protobufjs/minimal.js";
import Long = require("long");

/** Namespace oppu. */
export namespace oppu {

    /**
     * Properties of a Manifest.
     * @deprecated Use oppu.Manifest.$Properties instead.
     */
    interface IManifest extends oppu.Manifest.$Properties {
    }

    /** Represents a Manifest. */
    class Manifest {

        /**
         * Constructs a new Manifest.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.Manifest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Manifest version. */
        version: number;

        /** Manifest name. */
        name: string;

        /** Manifest format. */
        format: string;

        /** Manifest architecture. */
        architecture: string;

        /** Manifest licence. */
        licence: string;

        /** Manifest chunkSize. */
        chunkSize: number;

        /** Manifest files. */
        files: oppu.ManifestFile.$Properties[];

        /**
         * Encodes the specified Manifest message. Does not implicitly {@link oppu.Manifest.verify|verify} messages.
         * @param message Manifest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.Manifest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Manifest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.Manifest & oppu.Manifest.$Shape} Manifest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.Manifest & oppu.Manifest.$Shape;
    }

    namespace Manifest {

        /** Properties of a Manifest. */
        interface $Properties {

            /** Manifest version */
            version?: (number|null);

            /** Manifest name */
            name?: (string|null);

            /** Manifest format */
            format?: (string|null);

            /** Manifest architecture */
            architecture?: (string|null);

            /** Manifest licence */
            licence?: (string|null);

            /** Manifest chunkSize */
            chunkSize?: (number|null);

            /** Manifest files */
            files?: (oppu.ManifestFile.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Manifest. */
        type $Shape = oppu.Manifest.$Properties;
    }

    /**
     * Properties of a ManifestFile.
     * @deprecated Use oppu.ManifestFile.$Properties instead.
     */
    interface IManifestFile extends oppu.ManifestFile.$Properties {
    }

    /** Represents a ManifestFile. */
    class ManifestFile {

        /**
         * Constructs a new ManifestFile.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.ManifestFile.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ManifestFile path. */
        path: string;

        /** ManifestFile size. */
        size: (number|Long);

        /** ManifestFile chunks. */
        chunks: Uint8Array;

        /** ManifestFile root. */
        root: Uint8Array;

        /** ManifestFile chunkCount. */
        chunkCount: number;

        /**
         * Encodes the specified ManifestFile message. Does not implicitly {@link oppu.ManifestFile.verify|verify} messages.
         * @param message ManifestFile message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.ManifestFile.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ManifestFile message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.ManifestFile & oppu.ManifestFile.$Shape} ManifestFile
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.ManifestFile & oppu.ManifestFile.$Shape;
    }

    namespace ManifestFile {

        /** Properties of a ManifestFile. */
        interface $Properties {

            /** ManifestFile path */
            path?: (string|null);

            /** ManifestFile size */
            size?: (number|Long|null);

            /** ManifestFile chunks */
            chunks?: (Uint8Array|null);

            /** ManifestFile root */
            root?: (Uint8Array|null);

            /** ManifestFile chunkCount */
            chunkCount?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ManifestFile. */
        type $Shape = oppu.ManifestFile.$Properties;
    }

    /**
     * Properties of a Release.
     * @deprecated Use oppu.Release.$Properties instead.
     */
    interface IRelease extends oppu.Release.$Properties {
    }

    /** Represents a Release. */
    class Release {

        /**
         * Constructs a new Release.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.Release.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Release version. */
        version: number;

        /** Release name. */
        name: string;

        /** Release tag. */
        tag: string;

        /** Release baseId. */
        baseId: Uint8Array;

        /** Release serial. */
        serial: (number|Long);

        /** Release createdAt. */
        createdAt: (number|Long);

        /**
         * Encodes the specified Release message. Does not implicitly {@link oppu.Release.verify|verify} messages.
         * @param message Release message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.Release.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Release message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.Release & oppu.Release.$Shape} Release
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.Release & oppu.Release.$Shape;
    }

    namespace Release {

        /** Properties of a Release. */
        interface $Properties {

            /** Release version */
            version?: (number|null);

            /** Release name */
            name?: (string|null);

            /** Release tag */
            tag?: (string|null);

            /** Release baseId */
            baseId?: (Uint8Array|null);

            /** Release serial */
            serial?: (number|Long|null);

            /** Release createdAt */
            createdAt?: (number|Long|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Release. */
        type $Shape = oppu.Release.$Properties;
    }

    /**
     * Properties of a KeyChange.
     * @deprecated Use oppu.KeyChange.$Properties instead.
     */
    interface IKeyChange extends oppu.KeyChange.$Properties {
    }

    /** Represents a KeyChange. */
    class KeyChange {

        /**
         * Constructs a new KeyChange.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.KeyChange.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** KeyChange version. */
        version: number;

        /** KeyChange next. */
        next: Uint8Array;

        /** KeyChange serial. */
        serial: (number|Long);

        /** KeyChange createdAt. */
        createdAt: (number|Long);

        /**
         * Encodes the specified KeyChange message. Does not implicitly {@link oppu.KeyChange.verify|verify} messages.
         * @param message KeyChange message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.KeyChange.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a KeyChange message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.KeyChange & oppu.KeyChange.$Shape} KeyChange
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.KeyChange & oppu.KeyChange.$Shape;
    }

    namespace KeyChange {

        /** Properties of a KeyChange. */
        interface $Properties {

            /** KeyChange version */
            version?: (number|null);

            /** KeyChange next */
            next?: (Uint8Array|null);

            /** KeyChange serial */
            serial?: (number|Long|null);

            /** KeyChange createdAt */
            createdAt?: (number|Long|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a KeyChange. */
        type $Shape = oppu.KeyChange.$Properties;
    }

    /**
     * Properties of an Invitation.
     * @deprecated Use oppu.Invitation.$Properties instead.
     */
    interface IInvitation extends oppu.Invitation.$Properties {
    }

    /** Represents an Invitation. */
    class Invitation {

        /**
         * Constructs a new Invitation.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.Invitation.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Invitation version. */
        version: number;

        /** Invitation id. */
        id: Uint8Array;

        /** Invitation uses. */
        uses: number;

        /** Invitation expiresAt. */
        expiresAt: (number|Long);

        /** Invitation addresses. */
        addresses: string[];

        /** Invitation networkKey. */
        networkKey: Uint8Array;

        /**
         * Encodes the specified Invitation message. Does not implicitly {@link oppu.Invitation.verify|verify} messages.
         * @param message Invitation message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.Invitation.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Invitation message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.Invitation & oppu.Invitation.$Shape} Invitation
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.Invitation & oppu.Invitation.$Shape;
    }

    namespace Invitation {

        /** Properties of an Invitation. */
        interface $Properties {

            /** Invitation version */
            version?: (number|null);

            /** Invitation id */
            id?: (Uint8Array|null);

            /** Invitation uses */
            uses?: (number|null);

            /** Invitation expiresAt */
            expiresAt?: (number|Long|null);

            /** Invitation addresses */
            addresses?: (string[]|null);

            /** Invitation networkKey */
            networkKey?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an Invitation. */
        type $Shape = oppu.Invitation.$Properties;
    }

    /**
     * Properties of a Members.
     * @deprecated Use oppu.Members.$Properties instead.
     */
    interface IMembers extends oppu.Members.$Properties {
    }

    /** Represents a Members. */
    class Members {

        /**
         * Constructs a new Members.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.Members.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Members version. */
        version: number;

        /** Members serial. */
        serial: (number|Long);

        /** Members createdAt. */
        createdAt: (number|Long);

        /** Members expiresAt. */
        expiresAt: (number|Long);

        /** Members keys. */
        keys: Uint8Array[];

        /**
         * Encodes the specified Members message. Does not implicitly {@link oppu.Members.verify|verify} messages.
         * @param message Members message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.Members.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Members message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.Members & oppu.Members.$Shape} Members
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.Members & oppu.Members.$Shape;
    }

    namespace Members {

        /** Properties of a Members. */
        interface $Properties {

            /** Members version */
            version?: (number|null);

            /** Members serial */
            serial?: (number|Long|null);

            /** Members createdAt */
            createdAt?: (number|Long|null);

            /** Members expiresAt */
            expiresAt?: (number|Long|null);

            /** Members keys */
            keys?: (Uint8Array[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Members. */
        type $Shape = oppu.Members.$Properties;
    }

    /**
     * Properties of an Adapter.
     * @deprecated Use oppu.Adapter.$Properties instead.
     */
    interface IAdapter extends oppu.Adapter.$Properties {
    }

    /** Represents an Adapter. */
    class Adapter {

        /**
         * Constructs a new Adapter.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.Adapter.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Adapter version. */
        version: number;

        /** Adapter baseId. */
        baseId: Uint8Array;

        /** Adapter method. */
        method: string;

        /** Adapter config. */
        config: string;

        /** Adapter tensors. */
        tensors: oppu.AdapterTensor.$Properties[];

        /** Adapter createdAt. */
        createdAt: (number|Long);

        /** Adapter trainedItems. */
        trainedItems: (number|Long);

        /**
         * Encodes the specified Adapter message. Does not implicitly {@link oppu.Adapter.verify|verify} messages.
         * @param message Adapter message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.Adapter.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Adapter message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.Adapter & oppu.Adapter.$Shape} Adapter
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.Adapter & oppu.Adapter.$Shape;
    }

    namespace Adapter {

        /** Properties of an Adapter. */
        interface $Properties {

            /** Adapter version */
            version?: (number|null);

            /** Adapter baseId */
            baseId?: (Uint8Array|null);

            /** Adapter method */
            method?: (string|null);

            /** Adapter config */
            config?: (string|null);

            /** Adapter tensors */
            tensors?: (oppu.AdapterTensor.$Properties[]|null);

            /** Adapter createdAt */
            createdAt?: (number|Long|null);

            /** Adapter trainedItems */
            trainedItems?: (number|Long|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an Adapter. */
        type $Shape = oppu.Adapter.$Properties;
    }

    /**
     * Properties of an AdapterTensor.
     * @deprecated Use oppu.AdapterTensor.$Properties instead.
     */
    interface IAdapterTensor extends oppu.AdapterTensor.$Properties {
    }

    /** Represents an AdapterTensor. */
    class AdapterTensor {

        /**
         * Constructs a new AdapterTensor.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.AdapterTensor.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** AdapterTensor name. */
        name: string;

        /** AdapterTensor shape. */
        shape: (number|Long)[];

        /**
         * Encodes the specified AdapterTensor message. Does not implicitly {@link oppu.AdapterTensor.verify|verify} messages.
         * @param message AdapterTensor message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.AdapterTensor.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an AdapterTensor message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.AdapterTensor & oppu.AdapterTensor.$Shape} AdapterTensor
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.AdapterTensor & oppu.AdapterTensor.$Shape;
    }

    namespace AdapterTensor {

        /** Properties of an AdapterTensor. */
        interface $Properties {

            /** AdapterTensor name */
            name?: (string|null);

            /** AdapterTensor shape */
            shape?: ((number|Long)[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an AdapterTensor. */
        type $Shape = oppu.AdapterTensor.$Properties;
    }

    /**
     * Properties of a Task.
     * @deprecated Use oppu.Task.$Properties instead.
     */
    interface ITask extends oppu.Task.$Properties {
    }

    /** Represents a Task. */
    class Task {

        /**
         * Constructs a new Task.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.Task.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Task version. */
        version: number;

        /** Task title. */
        title: string;

        /** Task baseId. */
        baseId: Uint8Array;

        /** Task metric. */
        metric: string;

        /** Task holdOut. */
        holdOut: number;

        /** Task minimumItems. */
        minimumItems: number;

        /** Task createdAt. */
        createdAt: (number|Long);

        /** Task expiresAt. */
        expiresAt: (number|Long);

        /**
         * Encodes the specified Task message. Does not implicitly {@link oppu.Task.verify|verify} messages.
         * @param message Task message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.Task.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Task message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.Task & oppu.Task.$Shape} Task
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.Task & oppu.Task.$Shape;
    }

    namespace Task {

        /** Properties of a Task. */
        interface $Properties {

            /** Task version */
            version?: (number|null);

            /** Task title */
            title?: (string|null);

            /** Task baseId */
            baseId?: (Uint8Array|null);

            /** Task metric */
            metric?: (string|null);

            /** Task holdOut */
            holdOut?: (number|null);

            /** Task minimumItems */
            minimumItems?: (number|null);

            /** Task createdAt */
            createdAt?: (number|Long|null);

            /** Task expiresAt */
            expiresAt?: (number|Long|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Task. */
        type $Shape = oppu.Task.$Properties;
    }

    /**
     * Properties of a Report.
     * @deprecated Use oppu.Report.$Properties instead.
     */
    interface IReport extends oppu.Report.$Properties {
    }

    /** Represents a Report. */
    class Report {

        /**
         * Constructs a new Report.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.Report.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Report version. */
        version: number;

        /** Report taskId. */
        taskId: Uint8Array;

        /** Report baseId. */
        baseId: Uint8Array;

        /** Report adapterId. */
        adapterId: Uint8Array;

        /** Report items. */
        items: number;

        /** Report logLikelihood. */
        logLikelihood?: (oppu.Scores.$Properties|null);

        /** Report metric. */
        metric?: (oppu.Scores.$Properties|null);

        /**
         * Encodes the specified Report message. Does not implicitly {@link oppu.Report.verify|verify} messages.
         * @param message Report message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.Report.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Report message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.Report & oppu.Report.$Shape} Report
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.Report & oppu.Report.$Shape;
    }

    namespace Report {

        /** Properties of a Report. */
        interface $Properties {

            /** Report version */
            version?: (number|null);

            /** Report taskId */
            taskId?: (Uint8Array|null);

            /** Report baseId */
            baseId?: (Uint8Array|null);

            /** Report adapterId */
            adapterId?: (Uint8Array|null);

            /** Report items */
            items?: (number|null);

            /** Report logLikelihood */
            logLikelihood?: (oppu.Scores.$Properties|null);

            /** Report metric */
            metric?: (oppu.Scores.$Properties|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Report. */
        type $Shape = oppu.Report.$Properties;
    }

    /**
     * Properties of a Scores.
     * @deprecated Use oppu.Scores.$Properties instead.
     */
    interface IScores extends oppu.Scores.$Properties {
    }

    /** Represents a Scores. */
    class Scores {

        /**
         * Constructs a new Scores.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.Scores.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Scores base. */
        base: number;

        /** Scores own. */
        own: number;

        /** Scores other. */
        other?: (number|null);

        /**
         * Encodes the specified Scores message. Does not implicitly {@link oppu.Scores.verify|verify} messages.
         * @param message Scores message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.Scores.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Scores message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.Scores & oppu.Scores.$Shape} Scores
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.Scores & oppu.Scores.$Shape;
    }

    namespace Scores {

        /** Properties of a Scores. */
        interface $Properties {

            /** Scores base */
            base?: (number|null);

            /** Scores own */
            own?: (number|null);

            /** Scores other */
            other?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Scores. */
        type $Shape = oppu.Scores.$Properties;
    }

    /**
     * Properties of a SignedBytes.
     * @deprecated Use oppu.SignedBytes.$Properties instead.
     */
    interface ISignedBytes extends oppu.SignedBytes.$Properties {
    }

    /** Represents a SignedBytes. */
    class SignedBytes {

        /**
         * Constructs a new SignedBytes.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.SignedBytes.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** SignedBytes bytes. */
        bytes: Uint8Array;

        /** SignedBytes signature. */
        signature: Uint8Array;

        /** SignedBytes signer. */
        signer: Uint8Array;

        /**
         * Encodes the specified SignedBytes message. Does not implicitly {@link oppu.SignedBytes.verify|verify} messages.
         * @param message SignedBytes message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.SignedBytes.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a SignedBytes message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.SignedBytes & oppu.SignedBytes.$Shape} SignedBytes
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.SignedBytes & oppu.SignedBytes.$Shape;
    }

    namespace SignedBytes {

        /** Properties of a SignedBytes. */
        interface $Properties {

            /** SignedBytes bytes */
            bytes?: (Uint8Array|null);

            /** SignedBytes signature */
            signature?: (Uint8Array|null);

            /** SignedBytes signer */
            signer?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a SignedBytes. */
        type $Shape = oppu.SignedBytes.$Properties;
    }

    /**
     * Properties of a Reply.
     * @deprecated Use oppu.Reply.$Properties instead.
     */
    interface IReply extends oppu.Reply.$Properties {
    }

    /** Represents a Reply. */
    class Reply {

        /**
         * Constructs a new Reply.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.Reply.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Reply error. */
        error: string;

        /** Reply body. */
        body: Uint8Array;

        /** Reply streamBytes. */
        streamBytes: (number|Long);

        /**
         * Encodes the specified Reply message. Does not implicitly {@link oppu.Reply.verify|verify} messages.
         * @param message Reply message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.Reply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Reply message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.Reply & oppu.Reply.$Shape} Reply
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.Reply & oppu.Reply.$Shape;
    }

    namespace Reply {

        /** Properties of a Reply. */
        interface $Properties {

            /** Reply error */
            error?: (string|null);

            /** Reply body */
            body?: (Uint8Array|null);

            /** Reply streamBytes */
            streamBytes?: (number|Long|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Reply. */
        type $Shape = oppu.Reply.$Properties;
    }

    /**
     * Properties of a ChunkRequest.
     * @deprecated Use oppu.ChunkRequest.$Properties instead.
     */
    interface IChunkRequest extends oppu.ChunkRequest.$Properties {
    }

    /** Represents a ChunkRequest. */
    class ChunkRequest {

        /**
         * Constructs a new ChunkRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.ChunkRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ChunkRequest baseId. */
        baseId: Uint8Array;

        /** ChunkRequest file. */
        file: number;

        /** ChunkRequest firstChunk. */
        firstChunk: number;

        /** ChunkRequest chunkCount. */
        chunkCount: number;

        /**
         * Encodes the specified ChunkRequest message. Does not implicitly {@link oppu.ChunkRequest.verify|verify} messages.
         * @param message ChunkRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.ChunkRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ChunkRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.ChunkRequest & oppu.ChunkRequest.$Shape} ChunkRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.ChunkRequest & oppu.ChunkRequest.$Shape;
    }

    namespace ChunkRequest {

        /** Properties of a ChunkRequest. */
        interface $Properties {

            /** ChunkRequest baseId */
            baseId?: (Uint8Array|null);

            /** ChunkRequest file */
            file?: (number|null);

            /** ChunkRequest firstChunk */
            firstChunk?: (number|null);

            /** ChunkRequest chunkCount */
            chunkCount?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ChunkRequest. */
        type $Shape = oppu.ChunkRequest.$Properties;
    }

    /**
     * Properties of a CoordinatorRequest.
     * @deprecated Use oppu.CoordinatorRequest.$Properties instead.
     */
    interface ICoordinatorRequest extends oppu.CoordinatorRequest.$Properties {
    }

    /** Represents a CoordinatorRequest. */
    class CoordinatorRequest {

        /**
         * Constructs a new CoordinatorRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.CoordinatorRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** CoordinatorRequest listManifests. */
        listManifests?: (oppu.ListRequest.$Properties|null);

        /** CoordinatorRequest getManifest. */
        getManifest?: (oppu.IdRequest.$Properties|null);

        /** CoordinatorRequest listTasks. */
        listTasks?: (oppu.ListRequest.$Properties|null);

        /** CoordinatorRequest listProviders. */
        listProviders?: (oppu.IdRequest.$Properties|null);

        /** CoordinatorRequest announce. */
        announce?: (oppu.Announcement.$Properties|null);

        /** CoordinatorRequest report. */
        report?: (oppu.SignedBytes.$Properties|null);

        /** CoordinatorRequest listBases. */
        listBases?: (oppu.ListRequest.$Properties|null);

        /** CoordinatorRequest listReleases. */
        listReleases?: (oppu.ListRequest.$Properties|null);

        /** CoordinatorRequest listKeys. */
        listKeys?: (oppu.ListRequest.$Properties|null);

        /** CoordinatorRequest join. */
        join?: (oppu.SignedBytes.$Properties|null);

        /** CoordinatorRequest listMembers. */
        listMembers?: (oppu.MembersAsk.$Properties|null);

        /** CoordinatorRequest request. */
        request?: ("listManifests"|"getManifest"|"listTasks"|"listProviders"|"announce"|"report"|"listBases"|"listReleases"|"listKeys"|"join"|"listMembers");

        /**
         * Encodes the specified CoordinatorRequest message. Does not implicitly {@link oppu.CoordinatorRequest.verify|verify} messages.
         * @param message CoordinatorRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.CoordinatorRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a CoordinatorRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.CoordinatorRequest & oppu.CoordinatorRequest.$Shape} CoordinatorRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.CoordinatorRequest & oppu.CoordinatorRequest.$Shape;
    }

    namespace CoordinatorRequest {

        /** Properties of a CoordinatorRequest. */
        interface $Properties {

            /** CoordinatorRequest listManifests */
            listManifests?: (oppu.ListRequest.$Properties|null);

            /** CoordinatorRequest getManifest */
            getManifest?: (oppu.IdRequest.$Properties|null);

            /** CoordinatorRequest listTasks */
            listTasks?: (oppu.ListRequest.$Properties|null);

            /** CoordinatorRequest listProviders */
            listProviders?: (oppu.IdRequest.$Properties|null);

            /** CoordinatorRequest announce */
            announce?: (oppu.Announcement.$Properties|null);

            /** CoordinatorRequest report */
            report?: (oppu.SignedBytes.$Properties|null);

            /** CoordinatorRequest listBases */
            listBases?: (oppu.ListRequest.$Properties|null);

            /** CoordinatorRequest listReleases */
            listReleases?: (oppu.ListRequest.$Properties|null);

            /** CoordinatorRequest listKeys */
            listKeys?: (oppu.ListRequest.$Properties|null);

            /** CoordinatorRequest join */
            join?: (oppu.SignedBytes.$Properties|null);

            /** CoordinatorRequest listMembers */
            listMembers?: (oppu.MembersAsk.$Properties|null);

            /** CoordinatorRequest request */
            request?: ("listManifests"|"getManifest"|"listTasks"|"listProviders"|"announce"|"report"|"listBases"|"listReleases"|"listKeys"|"join"|"listMembers");

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Narrowed shape of a CoordinatorRequest. */
        type $Shape = {
          listManifests?: oppu.ListRequest.$Shape|null;
          getManifest?: oppu.IdRequest.$Shape|null;
          listTasks?: oppu.ListRequest.$Shape|null;
          listProviders?: oppu.IdRequest.$Shape|null;
          announce?: oppu.Announcement.$Shape|null;
          report?: oppu.SignedBytes.$Shape|null;
          listBases?: oppu.ListRequest.$Shape|null;
          listReleases?: oppu.ListRequest.$Shape|null;
          listKeys?: oppu.ListRequest.$Shape|null;
          join?: oppu.SignedBytes.$Shape|null;
          listMembers?: oppu.MembersAsk.$Shape|null;
          $unknowns?: Uint8Array[];
        } & (
          ({ request?: undefined; listManifests?: null; getManifest?: null; listTasks?: null; listProviders?: null; announce?: null; report?: null; listBases?: null; listReleases?: null; listKeys?: null; join?: null; listMembers?: null }|{ request?: "listManifests"; listManifests: oppu.ListRequest.$Shape; getManifest?: null; listTasks?: null; listProviders?: null; announce?: null; report?: null; listBases?: null; listReleases?: null; listKeys?: null; join?: null; listMembers?: null }|{ request?: "getManifest"; listManifests?: null; getManifest: oppu.IdRequest.$Shape; listTasks?: null; listProviders?: null; announce?: null; report?: null; listBases?: null; listReleases?: null; listKeys?: null; join?: null; listMembers?: null }|{ request?: "listTasks"; listManifests?: null; getManifest?: null; listTasks: oppu.ListRequest.$Shape; listProviders?: null; announce?: null; report?: null; listBases?: null; listReleases?: null; listKeys?: null; join?: null; listMembers?: null }|{ request?: "listProviders"; listManifests?: null; getManifest?: null; listTasks?: null; listProviders: oppu.IdRequest.$Shape; announce?: null; report?: null; listBases?: null; listReleases?: null; listKeys?: null; join?: null; listMembers?: null }|{ request?: "announce"; listManifests?: null; getManifest?: null; listTasks?: null; listProviders?: null; announce: oppu.Announcement.$Shape; report?: null; listBases?: null; listReleases?: null; listKeys?: null; join?: null; listMembers?: null }|{ request?: "report"; listManifests?: null; getManifest?: null; listTasks?: null; listProviders?: null; announce?: null; report: oppu.SignedBytes.$Shape; listBases?: null; listReleases?: null; listKeys?: null; join?: null; listMembers?: null }|{ request?: "listBases"; listManifests?: null; getManifest?: null; listTasks?: null; listProviders?: null; announce?: null; report?: null; listBases: oppu.ListRequest.$Shape; listReleases?: null; listKeys?: null; join?: null; listMembers?: null }|{ request?: "listReleases"; listManifests?: null; getManifest?: null; listTasks?: null; listProviders?: null; announce?: null; report?: null; listBases?: null; listReleases: oppu.ListRequest.$Shape; listKeys?: null; join?: null; listMembers?: null }|{ request?: "listKeys"; listManifests?: null; getManifest?: null; listTasks?: null; listProviders?: null; announce?: null; report?: null; listBases?: null; listReleases?: null; listKeys: oppu.ListRequest.$Shape; join?: null; listMembers?: null }|{ request?: "join"; listManifests?: null; getManifest?: null; listTasks?: null; listProviders?: null; announce?: null; report?: null; listBases?: null; listReleases?: null; listKeys?: null; join: oppu.SignedBytes.$Shape; listMembers?: null }|{ request?: "listMembers"; listManifests?: null; getManifest?: null; listTasks?: null; listProviders?: null; announce?: null; report?: null; listBases?: null; listReleases?: null; listKeys?: null; join?: null; listMembers: oppu.MembersAsk.$Shape })
        );
    }

    /**
     * Properties of a BaseRequest.
     * @deprecated Use oppu.BaseRequest.$Properties instead.
     */
    interface IBaseRequest extends oppu.BaseRequest.$Properties {
    }

    /** Represents a BaseRequest. */
    class BaseRequest {

        /**
         * Constructs a new BaseRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.BaseRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** BaseRequest baseId. */
        baseId: Uint8Array;

        /** BaseRequest manifest. */
        manifest?: (oppu.ManifestAsk.$Properties|null);

        /** BaseRequest outline. */
        outline?: (oppu.OutlineAsk.$Properties|null);

        /** BaseRequest holdings. */
        holdings?: (oppu.HoldingsAsk.$Properties|null);

        /** BaseRequest chunks. */
        chunks?: (oppu.ChunksAsk.$Properties|null);

        /** BaseRequest ask. */
        ask?: ("manifest"|"outline"|"holdings"|"chunks");

        /**
         * Encodes the specified BaseRequest message. Does not implicitly {@link oppu.BaseRequest.verify|verify} messages.
         * @param message BaseRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.BaseRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a BaseRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.BaseRequest & oppu.BaseRequest.$Shape} BaseRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.BaseRequest & oppu.BaseRequest.$Shape;
    }

    namespace BaseRequest {

        /** Properties of a BaseRequest. */
        interface $Properties {

            /** BaseRequest baseId */
            baseId?: (Uint8Array|null);

            /** BaseRequest manifest */
            manifest?: (oppu.ManifestAsk.$Properties|null);

            /** BaseRequest outline */
            outline?: (oppu.OutlineAsk.$Properties|null);

            /** BaseRequest holdings */
            holdings?: (oppu.HoldingsAsk.$Properties|null);

            /** BaseRequest chunks */
            chunks?: (oppu.ChunksAsk.$Properties|null);

            /** BaseRequest ask */
            ask?: ("manifest"|"outline"|"holdings"|"chunks");

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Narrowed shape of a BaseRequest. */
        type $Shape = {
          baseId?: Uint8Array|null;
          manifest?: oppu.ManifestAsk.$Shape|null;
          outline?: oppu.OutlineAsk.$Shape|null;
          holdings?: oppu.HoldingsAsk.$Shape|null;
          chunks?: oppu.ChunksAsk.$Shape|null;
          $unknowns?: Uint8Array[];
        } & (
          ({ ask?: undefined; manifest?: null; outline?: null; holdings?: null; chunks?: null }|{ ask?: "manifest"; manifest: oppu.ManifestAsk.$Shape; outline?: null; holdings?: null; chunks?: null }|{ ask?: "outline"; manifest?: null; outline: oppu.OutlineAsk.$Shape; holdings?: null; chunks?: null }|{ ask?: "holdings"; manifest?: null; outline?: null; holdings: oppu.HoldingsAsk.$Shape; chunks?: null }|{ ask?: "chunks"; manifest?: null; outline?: null; holdings?: null; chunks: oppu.ChunksAsk.$Shape })
        );
    }

    /**
     * Properties of a ManifestAsk.
     * @deprecated Use oppu.ManifestAsk.$Properties instead.
     */
    interface IManifestAsk extends oppu.ManifestAsk.$Properties {
    }

    /** Represents a ManifestAsk. */
    class ManifestAsk {

        /**
         * Constructs a new ManifestAsk.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.ManifestAsk.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /**
         * Encodes the specified ManifestAsk message. Does not implicitly {@link oppu.ManifestAsk.verify|verify} messages.
         * @param message ManifestAsk message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.ManifestAsk.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ManifestAsk message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.ManifestAsk & oppu.ManifestAsk.$Shape} ManifestAsk
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.ManifestAsk & oppu.ManifestAsk.$Shape;
    }

    namespace ManifestAsk {

        /** Properties of a ManifestAsk. */
        interface $Properties {

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ManifestAsk. */
        type $Shape = oppu.ManifestAsk.$Properties;
    }

    /**
     * Properties of a ManifestAnswer.
     * @deprecated Use oppu.ManifestAnswer.$Properties instead.
     */
    interface IManifestAnswer extends oppu.ManifestAnswer.$Properties {
    }

    /** Represents a ManifestAnswer. */
    class ManifestAnswer {

        /**
         * Constructs a new ManifestAnswer.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.ManifestAnswer.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ManifestAnswer manifest. */
        manifest: Uint8Array;

        /** ManifestAnswer published. */
        published?: (oppu.SignedBytes.$Properties|null);

        /** ManifestAnswer licence. */
        licence?: (oppu.SignedBytes.$Properties|null);

        /** ManifestAnswer keys. */
        keys: oppu.SignedBytes.$Properties[];

        /**
         * Encodes the specified ManifestAnswer message. Does not implicitly {@link oppu.ManifestAnswer.verify|verify} messages.
         * @param message ManifestAnswer message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.ManifestAnswer.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ManifestAnswer message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.ManifestAnswer & oppu.ManifestAnswer.$Shape} ManifestAnswer
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.ManifestAnswer & oppu.ManifestAnswer.$Shape;
    }

    namespace ManifestAnswer {

        /** Properties of a ManifestAnswer. */
        interface $Properties {

            /** ManifestAnswer manifest */
            manifest?: (Uint8Array|null);

            /** ManifestAnswer published */
            published?: (oppu.SignedBytes.$Properties|null);

            /** ManifestAnswer licence */
            licence?: (oppu.SignedBytes.$Properties|null);

            /** ManifestAnswer keys */
            keys?: (oppu.SignedBytes.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ManifestAnswer. */
        type $Shape = oppu.ManifestAnswer.$Properties;
    }

    /**
     * Properties of an OutlineAsk.
     * @deprecated Use oppu.OutlineAsk.$Properties instead.
     */
    interface IOutlineAsk extends oppu.OutlineAsk.$Properties {
    }

    /** Represents an OutlineAsk. */
    class OutlineAsk {

        /**
         * Constructs a new OutlineAsk.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.OutlineAsk.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** OutlineAsk file. */
        file: number;

        /** OutlineAsk first. */
        first: number;

        /** OutlineAsk count. */
        count: number;

        /**
         * Encodes the specified OutlineAsk message. Does not implicitly {@link oppu.OutlineAsk.verify|verify} messages.
         * @param message OutlineAsk message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.OutlineAsk.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an OutlineAsk message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.OutlineAsk & oppu.OutlineAsk.$Shape} OutlineAsk
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.OutlineAsk & oppu.OutlineAsk.$Shape;
    }

    namespace OutlineAsk {

        /** Properties of an OutlineAsk. */
        interface $Properties {

            /** OutlineAsk file */
            file?: (number|null);

            /** OutlineAsk first */
            first?: (number|null);

            /** OutlineAsk count */
            count?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an OutlineAsk. */
        type $Shape = oppu.OutlineAsk.$Properties;
    }

    /**
     * Properties of an OutlineAnswer.
     * @deprecated Use oppu.OutlineAnswer.$Properties instead.
     */
    interface IOutlineAnswer extends oppu.OutlineAnswer.$Properties {
    }

    /** Represents an OutlineAnswer. */
    class OutlineAnswer {

        /**
         * Constructs a new OutlineAnswer.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.OutlineAnswer.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** OutlineAnswer offset. */
        offset: (number|Long);

        /** OutlineAnswer lengths. */
        lengths: number[];

        /** OutlineAnswer hashes. */
        hashes: Uint8Array;

        /** OutlineAnswer proof. */
        proof: Uint8Array;

        /**
         * Encodes the specified OutlineAnswer message. Does not implicitly {@link oppu.OutlineAnswer.verify|verify} messages.
         * @param message OutlineAnswer message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.OutlineAnswer.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an OutlineAnswer message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.OutlineAnswer & oppu.OutlineAnswer.$Shape} OutlineAnswer
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.OutlineAnswer & oppu.OutlineAnswer.$Shape;
    }

    namespace OutlineAnswer {

        /** Properties of an OutlineAnswer. */
        interface $Properties {

            /** OutlineAnswer offset */
            offset?: (number|Long|null);

            /** OutlineAnswer lengths */
            lengths?: (number[]|null);

            /** OutlineAnswer hashes */
            hashes?: (Uint8Array|null);

            /** OutlineAnswer proof */
            proof?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an OutlineAnswer. */
        type $Shape = oppu.OutlineAnswer.$Properties;
    }

    /**
     * Properties of a HoldingsAsk.
     * @deprecated Use oppu.HoldingsAsk.$Properties instead.
     */
    interface IHoldingsAsk extends oppu.HoldingsAsk.$Properties {
    }

    /** Represents a HoldingsAsk. */
    class HoldingsAsk {

        /**
         * Constructs a new HoldingsAsk.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.HoldingsAsk.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** HoldingsAsk revision. */
        revision: number;

        /** HoldingsAsk waitMs. */
        waitMs: number;

        /**
         * Encodes the specified HoldingsAsk message. Does not implicitly {@link oppu.HoldingsAsk.verify|verify} messages.
         * @param message HoldingsAsk message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.HoldingsAsk.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a HoldingsAsk message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.HoldingsAsk & oppu.HoldingsAsk.$Shape} HoldingsAsk
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.HoldingsAsk & oppu.HoldingsAsk.$Shape;
    }

    namespace HoldingsAsk {

        /** Properties of a HoldingsAsk. */
        interface $Properties {

            /** HoldingsAsk revision */
            revision?: (number|null);

            /** HoldingsAsk waitMs */
            waitMs?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a HoldingsAsk. */
        type $Shape = oppu.HoldingsAsk.$Properties;
    }

    /**
     * Properties of a HoldingsAnswer.
     * @deprecated Use oppu.HoldingsAnswer.$Properties instead.
     */
    interface IHoldingsAnswer extends oppu.HoldingsAnswer.$Properties {
    }

    /** Represents a HoldingsAnswer. */
    class HoldingsAnswer {

        /**
         * Constructs a new HoldingsAnswer.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.HoldingsAnswer.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** HoldingsAnswer revision. */
        revision: number;

        /** HoldingsAnswer held. */
        held: Uint8Array;

        /**
         * Encodes the specified HoldingsAnswer message. Does not implicitly {@link oppu.HoldingsAnswer.verify|verify} messages.
         * @param message HoldingsAnswer message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.HoldingsAnswer.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a HoldingsAnswer message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.HoldingsAnswer & oppu.HoldingsAnswer.$Shape} HoldingsAnswer
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.HoldingsAnswer & oppu.HoldingsAnswer.$Shape;
    }

    namespace HoldingsAnswer {

        /** Properties of a HoldingsAnswer. */
        interface $Properties {

            /** HoldingsAnswer revision */
            revision?: (number|null);

            /** HoldingsAnswer held */
            held?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a HoldingsAnswer. */
        type $Shape = oppu.HoldingsAnswer.$Properties;
    }

    /**
     * Properties of a ChunksAsk.
     * @deprecated Use oppu.ChunksAsk.$Properties instead.
     */
    interface IChunksAsk extends oppu.ChunksAsk.$Properties {
    }

    /** Represents a ChunksAsk. */
    class ChunksAsk {

        /**
         * Constructs a new ChunksAsk.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.ChunksAsk.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ChunksAsk candidates. */
        candidates: number[];

        /** ChunksAsk count. */
        count: number;

        /** ChunksAsk waitMs. */
        waitMs: number;

        /**
         * Encodes the specified ChunksAsk message. Does not implicitly {@link oppu.ChunksAsk.verify|verify} messages.
         * @param message ChunksAsk message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.ChunksAsk.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ChunksAsk message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.ChunksAsk & oppu.ChunksAsk.$Shape} ChunksAsk
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.ChunksAsk & oppu.ChunksAsk.$Shape;
    }

    namespace ChunksAsk {

        /** Properties of a ChunksAsk. */
        interface $Properties {

            /** ChunksAsk candidates */
            candidates?: (number[]|null);

            /** ChunksAsk count */
            count?: (number|null);

            /** ChunksAsk waitMs */
            waitMs?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ChunksAsk. */
        type $Shape = oppu.ChunksAsk.$Properties;
    }

    /**
     * Properties of a ChunksAnswer.
     * @deprecated Use oppu.ChunksAnswer.$Properties instead.
     */
    interface IChunksAnswer extends oppu.ChunksAnswer.$Properties {
    }

    /** Represents a ChunksAnswer. */
    class ChunksAnswer {

        /**
         * Constructs a new ChunksAnswer.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.ChunksAnswer.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ChunksAnswer chunks. */
        chunks: number[];

        /**
         * Encodes the specified ChunksAnswer message. Does not implicitly {@link oppu.ChunksAnswer.verify|verify} messages.
         * @param message ChunksAnswer message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.ChunksAnswer.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ChunksAnswer message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.ChunksAnswer & oppu.ChunksAnswer.$Shape} ChunksAnswer
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.ChunksAnswer & oppu.ChunksAnswer.$Shape;
    }

    namespace ChunksAnswer {

        /** Properties of a ChunksAnswer. */
        interface $Properties {

            /** ChunksAnswer chunks */
            chunks?: (number[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ChunksAnswer. */
        type $Shape = oppu.ChunksAnswer.$Properties;
    }

    /**
     * Properties of a ListRequest.
     * @deprecated Use oppu.ListRequest.$Properties instead.
     */
    interface IListRequest extends oppu.ListRequest.$Properties {
    }

    /** Represents a ListRequest. */
    class ListRequest {

        /**
         * Constructs a new ListRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.ListRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /**
         * Encodes the specified ListRequest message. Does not implicitly {@link oppu.ListRequest.verify|verify} messages.
         * @param message ListRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.ListRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ListRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.ListRequest & oppu.ListRequest.$Shape} ListRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.ListRequest & oppu.ListRequest.$Shape;
    }

    namespace ListRequest {

        /** Properties of a ListRequest. */
        interface $Properties {

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ListRequest. */
        type $Shape = oppu.ListRequest.$Properties;
    }

    /**
     * Properties of an IdRequest.
     * @deprecated Use oppu.IdRequest.$Properties instead.
     */
    interface IIdRequest extends oppu.IdRequest.$Properties {
    }

    /** Represents an IdRequest. */
    class IdRequest {

        /**
         * Constructs a new IdRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.IdRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** IdRequest id. */
        id: Uint8Array;

        /**
         * Encodes the specified IdRequest message. Does not implicitly {@link oppu.IdRequest.verify|verify} messages.
         * @param message IdRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.IdRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an IdRequest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.IdRequest & oppu.IdRequest.$Shape} IdRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.IdRequest & oppu.IdRequest.$Shape;
    }

    namespace IdRequest {

        /** Properties of an IdRequest. */
        interface $Properties {

            /** IdRequest id */
            id?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an IdRequest. */
        type $Shape = oppu.IdRequest.$Properties;
    }

    /**
     * Properties of an Announcement.
     * @deprecated Use oppu.Announcement.$Properties instead.
     */
    interface IAnnouncement extends oppu.Announcement.$Properties {
    }

    /** Represents an Announcement. */
    class Announcement {

        /**
         * Constructs a new Announcement.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.Announcement.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Announcement baseIds. */
        baseIds: Uint8Array[];

        /** Announcement addresses. */
        addresses: string[];

        /**
         * Encodes the specified Announcement message. Does not implicitly {@link oppu.Announcement.verify|verify} messages.
         * @param message Announcement message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.Announcement.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Announcement message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.Announcement & oppu.Announcement.$Shape} Announcement
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.Announcement & oppu.Announcement.$Shape;
    }

    namespace Announcement {

        /** Properties of an Announcement. */
        interface $Properties {

            /** Announcement baseIds */
            baseIds?: (Uint8Array[]|null);

            /** Announcement addresses */
            addresses?: (string[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an Announcement. */
        type $Shape = oppu.Announcement.$Properties;
    }

    /**
     * Properties of an IdList.
     * @deprecated Use oppu.IdList.$Properties instead.
     */
    interface IIdList extends oppu.IdList.$Properties {
    }

    /** Represents an IdList. */
    class IdList {

        /**
         * Constructs a new IdList.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.IdList.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** IdList ids. */
        ids: Uint8Array[];

        /**
         * Encodes the specified IdList message. Does not implicitly {@link oppu.IdList.verify|verify} messages.
         * @param message IdList message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.IdList.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an IdList message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.IdList & oppu.IdList.$Shape} IdList
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.IdList & oppu.IdList.$Shape;
    }

    namespace IdList {

        /** Properties of an IdList. */
        interface $Properties {

            /** IdList ids */
            ids?: (Uint8Array[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an IdList. */
        type $Shape = oppu.IdList.$Properties;
    }

    /**
     * Properties of a PublishedManifest.
     * @deprecated Use oppu.PublishedManifest.$Properties instead.
     */
    interface IPublishedManifest extends oppu.PublishedManifest.$Properties {
    }

    /** Represents a PublishedManifest. */
    class PublishedManifest {

        /**
         * Constructs a new PublishedManifest.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.PublishedManifest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** PublishedManifest manifest. */
        manifest?: (oppu.SignedBytes.$Properties|null);

        /** PublishedManifest licence. */
        licence?: (oppu.SignedBytes.$Properties|null);

        /**
         * Encodes the specified PublishedManifest message. Does not implicitly {@link oppu.PublishedManifest.verify|verify} messages.
         * @param message PublishedManifest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.PublishedManifest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a PublishedManifest message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.PublishedManifest & oppu.PublishedManifest.$Shape} PublishedManifest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.PublishedManifest & oppu.PublishedManifest.$Shape;
    }

    namespace PublishedManifest {

        /** Properties of a PublishedManifest. */
        interface $Properties {

            /** PublishedManifest manifest */
            manifest?: (oppu.SignedBytes.$Properties|null);

            /** PublishedManifest licence */
            licence?: (oppu.SignedBytes.$Properties|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a PublishedManifest. */
        type $Shape = oppu.PublishedManifest.$Properties;
    }

    /**
     * Properties of a ReleaseList.
     * @deprecated Use oppu.ReleaseList.$Properties instead.
     */
    interface IReleaseList extends oppu.ReleaseList.$Properties {
    }

    /** Represents a ReleaseList. */
    class ReleaseList {

        /**
         * Constructs a new ReleaseList.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.ReleaseList.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ReleaseList releases. */
        releases: oppu.SignedBytes.$Properties[];

        /**
         * Encodes the specified ReleaseList message. Does not implicitly {@link oppu.ReleaseList.verify|verify} messages.
         * @param message ReleaseList message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.ReleaseList.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ReleaseList message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.ReleaseList & oppu.ReleaseList.$Shape} ReleaseList
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.ReleaseList & oppu.ReleaseList.$Shape;
    }

    namespace ReleaseList {

        /** Properties of a ReleaseList. */
        interface $Properties {

            /** ReleaseList releases */
            releases?: (oppu.SignedBytes.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ReleaseList. */
        type $Shape = oppu.ReleaseList.$Properties;
    }

    /**
     * Properties of a KeyList.
     * @deprecated Use oppu.KeyList.$Properties instead.
     */
    interface IKeyList extends oppu.KeyList.$Properties {
    }

    /** Represents a KeyList. */
    class KeyList {

        /**
         * Constructs a new KeyList.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.KeyList.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** KeyList changes. */
        changes: oppu.SignedBytes.$Properties[];

        /**
         * Encodes the specified KeyList message. Does not implicitly {@link oppu.KeyList.verify|verify} messages.
         * @param message KeyList message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.KeyList.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a KeyList message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.KeyList & oppu.KeyList.$Shape} KeyList
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.KeyList & oppu.KeyList.$Shape;
    }

    namespace KeyList {

        /** Properties of a KeyList. */
        interface $Properties {

            /** KeyList changes */
            changes?: (oppu.SignedBytes.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a KeyList. */
        type $Shape = oppu.KeyList.$Properties;
    }

    /**
     * Properties of a MembersAsk.
     * @deprecated Use oppu.MembersAsk.$Properties instead.
     */
    interface IMembersAsk extends oppu.MembersAsk.$Properties {
    }

    /** Represents a MembersAsk. */
    class MembersAsk {

        /**
         * Constructs a new MembersAsk.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.MembersAsk.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** MembersAsk serial. */
        serial: (number|Long);

        /**
         * Encodes the specified MembersAsk message. Does not implicitly {@link oppu.MembersAsk.verify|verify} messages.
         * @param message MembersAsk message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.MembersAsk.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a MembersAsk message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.MembersAsk & oppu.MembersAsk.$Shape} MembersAsk
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.MembersAsk & oppu.MembersAsk.$Shape;
    }

    namespace MembersAsk {

        /** Properties of a MembersAsk. */
        interface $Properties {

            /** MembersAsk serial */
            serial?: (number|Long|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a MembersAsk. */
        type $Shape = oppu.MembersAsk.$Properties;
    }

    /**
     * Properties of a MemberList.
     * @deprecated Use oppu.MemberList.$Properties instead.
     */
    interface IMemberList extends oppu.MemberList.$Properties {
    }

    /** Represents a MemberList. */
    class MemberList {

        /**
         * Constructs a new MemberList.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.MemberList.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** MemberList members. */
        members?: (oppu.SignedBytes.$Properties|null);

        /** MemberList serial. */
        serial: (number|Long);

        /** MemberList keys. */
        keys: oppu.SignedBytes.$Properties[];

        /**
         * Encodes the specified MemberList message. Does not implicitly {@link oppu.MemberList.verify|verify} messages.
         * @param message MemberList message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.MemberList.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a MemberList message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.MemberList & oppu.MemberList.$Shape} MemberList
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.MemberList & oppu.MemberList.$Shape;
    }

    namespace MemberList {

        /** Properties of a MemberList. */
        interface $Properties {

            /** MemberList members */
            members?: (oppu.SignedBytes.$Properties|null);

            /** MemberList serial */
            serial?: (number|Long|null);

            /** MemberList keys */
            keys?: (oppu.SignedBytes.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a MemberList. */
        type $Shape = oppu.MemberList.$Properties;
    }

    /**
     * Properties of a TaskList.
     * @deprecated Use oppu.TaskList.$Properties instead.
     */
    interface ITaskList extends oppu.TaskList.$Properties {
    }

    /** Represents a TaskList. */
    class TaskList {

        /**
         * Constructs a new TaskList.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.TaskList.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** TaskList tasks. */
        tasks: oppu.SignedBytes.$Properties[];

        /**
         * Encodes the specified TaskList message. Does not implicitly {@link oppu.TaskList.verify|verify} messages.
         * @param message TaskList message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.TaskList.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a TaskList message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.TaskList & oppu.TaskList.$Shape} TaskList
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.TaskList & oppu.TaskList.$Shape;
    }

    namespace TaskList {

        /** Properties of a TaskList. */
        interface $Properties {

            /** TaskList tasks */
            tasks?: (oppu.SignedBytes.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a TaskList. */
        type $Shape = oppu.TaskList.$Properties;
    }

    /**
     * Properties of a ProviderList.
     * @deprecated Use oppu.ProviderList.$Properties instead.
     */
    interface IProviderList extends oppu.ProviderList.$Properties {
    }

    /** Represents a ProviderList. */
    class ProviderList {

        /**
         * Constructs a new ProviderList.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.ProviderList.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** ProviderList providers. */
        providers: oppu.Provider.$Properties[];

        /**
         * Encodes the specified ProviderList message. Does not implicitly {@link oppu.ProviderList.verify|verify} messages.
         * @param message ProviderList message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.ProviderList.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a ProviderList message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.ProviderList & oppu.ProviderList.$Shape} ProviderList
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.ProviderList & oppu.ProviderList.$Shape;
    }

    namespace ProviderList {

        /** Properties of a ProviderList. */
        interface $Properties {

            /** ProviderList providers */
            providers?: (oppu.Provider.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ProviderList. */
        type $Shape = oppu.ProviderList.$Properties;
    }

    /**
     * Properties of a Provider.
     * @deprecated Use oppu.Provider.$Properties instead.
     */
    interface IProvider extends oppu.Provider.$Properties {
    }

    /** Represents a Provider. */
    class Provider {

        /**
         * Constructs a new Provider.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.Provider.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Provider addresses. */
        addresses: string[];

        /**
         * Encodes the specified Provider message. Does not implicitly {@link oppu.Provider.verify|verify} messages.
         * @param message Provider message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.Provider.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Provider message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.Provider & oppu.Provider.$Shape} Provider
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.Provider & oppu.Provider.$Shape;
    }

    namespace Provider {

        /** Properties of a Provider. */
        interface $Properties {

            /** Provider addresses */
            addresses?: (string[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Provider. */
        type $Shape = oppu.Provider.$Properties;
    }

    /**
     * Properties of an Announced.
     * @deprecated Use oppu.Announced.$Properties instead.
     */
    interface IAnnounced extends oppu.Announced.$Properties {
    }

    /** Represents an Announced. */
    class Announced {

        /**
         * Constructs a new Announced.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.Announced.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Announced expiresIn. */
        expiresIn: number;

        /**
         * Encodes the specified Announced message. Does not implicitly {@link oppu.Announced.verify|verify} messages.
         * @param message Announced message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.Announced.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Announced message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.Announced & oppu.Announced.$Shape} Announced
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.Announced & oppu.Announced.$Shape;
    }

    namespace Announced {

        /** Properties of an Announced. */
        interface $Properties {

            /** Announced expiresIn */
            expiresIn?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an Announced. */
        type $Shape = oppu.Announced.$Properties;
    }

    /**
     * Properties of an Accepted.
     * @deprecated Use oppu.Accepted.$Properties instead.
     */
    interface IAccepted extends oppu.Accepted.$Properties {
    }

    /** Represents an Accepted. */
    class Accepted {

        /**
         * Constructs a new Accepted.
         * @param [properties] Properties to set
         */
        constructor(properties?: oppu.Accepted.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /**
         * Encodes the specified Accepted message. Does not implicitly {@link oppu.Accepted.verify|verify} messages.
         * @param message Accepted message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: oppu.Accepted.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Accepted message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {oppu.Accepted & oppu.Accepted.$Shape} Accepted
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): oppu.Accepted & oppu.Accepted.$Shape;
    }

    namespace Accepted {

        /** Properties of an Accepted. */
        interface $Properties {

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an Accepted. */
        type $Shape = oppu.Accepted.$Properties;
    }
}
