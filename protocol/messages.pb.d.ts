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

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a ManifestFile. */
        type $Shape = oppu.ManifestFile.$Properties;
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

        /** CoordinatorRequest request. */
        request?: ("listManifests"|"getManifest"|"listTasks"|"listProviders"|"announce"|"report");

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

            /** CoordinatorRequest request */
            request?: ("listManifests"|"getManifest"|"listTasks"|"listProviders"|"announce"|"report");

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
          $unknowns?: Uint8Array[];
        } & (
          ({ request?: undefined; listManifests?: null; getManifest?: null; listTasks?: null; listProviders?: null; announce?: null; report?: null }|{ request?: "listManifests"; listManifests: oppu.ListRequest.$Shape; getManifest?: null; listTasks?: null; listProviders?: null; announce?: null; report?: null }|{ request?: "getManifest"; listManifests?: null; getManifest: oppu.IdRequest.$Shape; listTasks?: null; listProviders?: null; announce?: null; report?: null }|{ request?: "listTasks"; listManifests?: null; getManifest?: null; listTasks: oppu.ListRequest.$Shape; listProviders?: null; announce?: null; report?: null }|{ request?: "listProviders"; listManifests?: null; getManifest?: null; listTasks?: null; listProviders: oppu.IdRequest.$Shape; announce?: null; report?: null }|{ request?: "announce"; listManifests?: null; getManifest?: null; listTasks?: null; listProviders?: null; announce: oppu.Announcement.$Shape; report?: null }|{ request?: "report"; listManifests?: null; getManifest?: null; listTasks?: null; listProviders?: null; announce?: null; report: oppu.SignedBytes.$Shape })
        );
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
