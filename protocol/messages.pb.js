/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

// Exported root namespace
const $root = $protobuf.roots["oppu"] || ($protobuf.roots["oppu"] = {});

export const oppu = $root.oppu = (() => {

    /**
     * Namespace oppu.
     * @exports oppu
     * @namespace
     */
    const oppu = {};

    oppu.Manifest = (function() {

        /**
         * Properties of a Manifest.
         * @typedef {Object} oppu.Manifest.$Properties
         * @property {number|null} [version] Manifest version
         * @property {string|null} [name] Manifest name
         * @property {string|null} [format] Manifest format
         * @property {string|null} [architecture] Manifest architecture
         * @property {string|null} [licence] Manifest licence
         * @property {number|null} [chunkSize] Manifest chunkSize
         * @property {Array.<oppu.ManifestFile.$Properties>|null} [files] Manifest files
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Manifest.
         * @memberof oppu
         * @interface IManifest
         * @augments oppu.Manifest.$Properties
         * @deprecated Use oppu.Manifest.$Properties instead.
         */

        /**
         * Shape of a Manifest.
         * @typedef {oppu.Manifest.$Properties} oppu.Manifest.$Shape
         */

        /**
         * Constructs a new Manifest.
         * @memberof oppu
         * @classdesc Represents a Manifest.
         * @constructor
         * @param {oppu.Manifest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Manifest = function (properties) {
            this.files = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Manifest version.
         * @member {number} version
         * @memberof oppu.Manifest
         * @instance
         */
        Manifest.prototype.version = 0;

        /**
         * Manifest name.
         * @member {string} name
         * @memberof oppu.Manifest
         * @instance
         */
        Manifest.prototype.name = "";

        /**
         * Manifest format.
         * @member {string} format
         * @memberof oppu.Manifest
         * @instance
         */
        Manifest.prototype.format = "";

        /**
         * Manifest architecture.
         * @member {string} architecture
         * @memberof oppu.Manifest
         * @instance
         */
        Manifest.prototype.architecture = "";

        /**
         * Manifest licence.
         * @member {string} licence
         * @memberof oppu.Manifest
         * @instance
         */
        Manifest.prototype.licence = "";

        /**
         * Manifest chunkSize.
         * @member {number} chunkSize
         * @memberof oppu.Manifest
         * @instance
         */
        Manifest.prototype.chunkSize = 0;

        /**
         * Manifest files.
         * @member {Array.<oppu.ManifestFile.$Properties>} files
         * @memberof oppu.Manifest
         * @instance
         */
        Manifest.prototype.files = $util.emptyArray;

        /**
         * Encodes the specified Manifest message. Does not implicitly {@link oppu.Manifest.verify|verify} messages.
         * @function encode
         * @memberof oppu.Manifest
         * @static
         * @param {oppu.Manifest.$Properties} message Manifest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Manifest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.version != null && $Object.hasOwnProperty.call(message, "version") && message.version !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.version);
            if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                writer.uint32(/* id 2, wireType 2 =*/18).string(message.name);
            if (message.format != null && $Object.hasOwnProperty.call(message, "format") && message.format !== "")
                writer.uint32(/* id 3, wireType 2 =*/26).string(message.format);
            if (message.architecture != null && $Object.hasOwnProperty.call(message, "architecture") && message.architecture !== "")
                writer.uint32(/* id 4, wireType 2 =*/34).string(message.architecture);
            if (message.licence != null && $Object.hasOwnProperty.call(message, "licence") && message.licence !== "")
                writer.uint32(/* id 5, wireType 2 =*/42).string(message.licence);
            if (message.chunkSize != null && $Object.hasOwnProperty.call(message, "chunkSize") && message.chunkSize !== 0)
                writer.uint32(/* id 6, wireType 0 =*/48).uint32(message.chunkSize);
            if (message.files != null && message.files.length)
                for (let i = 0; i < message.files.length; ++i)
                    $root.oppu.ManifestFile.encode(message.files[i], writer.uint32(/* id 7, wireType 2 =*/58).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Manifest message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.Manifest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.Manifest & oppu.Manifest.$Shape} Manifest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Manifest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.Manifest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.version = value;
                        else
                            delete message.version;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.name = value;
                        else
                            delete message.name;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.format = value;
                        else
                            delete message.format;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.architecture = value;
                        else
                            delete message.architecture;
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.licence = value;
                        else
                            delete message.licence;
                        continue;
                    }
                case 6: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.chunkSize = value;
                        else
                            delete message.chunkSize;
                        continue;
                    }
                case 7: {
                        if (wireType !== 2)
                            break;
                        if (!(message.files && message.files.length))
                            message.files = [];
                        message.files.push($root.oppu.ManifestFile.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Manifest;
    })();

    oppu.ManifestFile = (function() {

        /**
         * Properties of a ManifestFile.
         * @typedef {Object} oppu.ManifestFile.$Properties
         * @property {string|null} [path] ManifestFile path
         * @property {number|Long|null} [size] ManifestFile size
         * @property {Uint8Array|null} [chunks] ManifestFile chunks
         * @property {Uint8Array|null} [root] ManifestFile root
         * @property {number|null} [chunkCount] ManifestFile chunkCount
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a ManifestFile.
         * @memberof oppu
         * @interface IManifestFile
         * @augments oppu.ManifestFile.$Properties
         * @deprecated Use oppu.ManifestFile.$Properties instead.
         */

        /**
         * Shape of a ManifestFile.
         * @typedef {oppu.ManifestFile.$Properties} oppu.ManifestFile.$Shape
         */

        /**
         * Constructs a new ManifestFile.
         * @memberof oppu
         * @classdesc Represents a ManifestFile.
         * @constructor
         * @param {oppu.ManifestFile.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const ManifestFile = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * ManifestFile path.
         * @member {string} path
         * @memberof oppu.ManifestFile
         * @instance
         */
        ManifestFile.prototype.path = "";

        /**
         * ManifestFile size.
         * @member {number|Long} size
         * @memberof oppu.ManifestFile
         * @instance
         */
        ManifestFile.prototype.size = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        /**
         * ManifestFile chunks.
         * @member {Uint8Array} chunks
         * @memberof oppu.ManifestFile
         * @instance
         */
        ManifestFile.prototype.chunks = $util.newBuffer([]);

        /**
         * ManifestFile root.
         * @member {Uint8Array} root
         * @memberof oppu.ManifestFile
         * @instance
         */
        ManifestFile.prototype.root = $util.newBuffer([]);

        /**
         * ManifestFile chunkCount.
         * @member {number} chunkCount
         * @memberof oppu.ManifestFile
         * @instance
         */
        ManifestFile.prototype.chunkCount = 0;

        /**
         * Encodes the specified ManifestFile message. Does not implicitly {@link oppu.ManifestFile.verify|verify} messages.
         * @function encode
         * @memberof oppu.ManifestFile
         * @static
         * @param {oppu.ManifestFile.$Properties} message ManifestFile message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        ManifestFile.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.path != null && $Object.hasOwnProperty.call(message, "path") && message.path !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.path);
            if (message.size != null && $Object.hasOwnProperty.call(message, "size") && (typeof message.size === "object" ? message.size.low || message.size.high : message.size !== 0))
                writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.size);
            if (message.chunks != null && $Object.hasOwnProperty.call(message, "chunks") && message.chunks.length)
                writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.chunks);
            if (message.root != null && $Object.hasOwnProperty.call(message, "root") && message.root.length)
                writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.root);
            if (message.chunkCount != null && $Object.hasOwnProperty.call(message, "chunkCount") && message.chunkCount !== 0)
                writer.uint32(/* id 5, wireType 0 =*/40).uint32(message.chunkCount);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a ManifestFile message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.ManifestFile
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.ManifestFile & oppu.ManifestFile.$Shape} ManifestFile
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        ManifestFile.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.ManifestFile();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.path = value;
                        else
                            delete message.path;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.size = value;
                        else
                            delete message.size;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.chunks = value;
                        else
                            delete message.chunks;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.root = value;
                        else
                            delete message.root;
                        continue;
                    }
                case 5: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.chunkCount = value;
                        else
                            delete message.chunkCount;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ManifestFile;
    })();

    oppu.Release = (function() {

        /**
         * Properties of a Release.
         * @typedef {Object} oppu.Release.$Properties
         * @property {number|null} [version] Release version
         * @property {string|null} [name] Release name
         * @property {string|null} [tag] Release tag
         * @property {Uint8Array|null} [baseId] Release baseId
         * @property {number|Long|null} [serial] Release serial
         * @property {number|Long|null} [createdAt] Release createdAt
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Release.
         * @memberof oppu
         * @interface IRelease
         * @augments oppu.Release.$Properties
         * @deprecated Use oppu.Release.$Properties instead.
         */

        /**
         * Shape of a Release.
         * @typedef {oppu.Release.$Properties} oppu.Release.$Shape
         */

        /**
         * Constructs a new Release.
         * @memberof oppu
         * @classdesc Represents a Release.
         * @constructor
         * @param {oppu.Release.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Release = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Release version.
         * @member {number} version
         * @memberof oppu.Release
         * @instance
         */
        Release.prototype.version = 0;

        /**
         * Release name.
         * @member {string} name
         * @memberof oppu.Release
         * @instance
         */
        Release.prototype.name = "";

        /**
         * Release tag.
         * @member {string} tag
         * @memberof oppu.Release
         * @instance
         */
        Release.prototype.tag = "";

        /**
         * Release baseId.
         * @member {Uint8Array} baseId
         * @memberof oppu.Release
         * @instance
         */
        Release.prototype.baseId = $util.newBuffer([]);

        /**
         * Release serial.
         * @member {number|Long} serial
         * @memberof oppu.Release
         * @instance
         */
        Release.prototype.serial = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        /**
         * Release createdAt.
         * @member {number|Long} createdAt
         * @memberof oppu.Release
         * @instance
         */
        Release.prototype.createdAt = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        /**
         * Encodes the specified Release message. Does not implicitly {@link oppu.Release.verify|verify} messages.
         * @function encode
         * @memberof oppu.Release
         * @static
         * @param {oppu.Release.$Properties} message Release message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Release.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.version != null && $Object.hasOwnProperty.call(message, "version") && message.version !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.version);
            if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                writer.uint32(/* id 2, wireType 2 =*/18).string(message.name);
            if (message.tag != null && $Object.hasOwnProperty.call(message, "tag") && message.tag !== "")
                writer.uint32(/* id 3, wireType 2 =*/26).string(message.tag);
            if (message.baseId != null && $Object.hasOwnProperty.call(message, "baseId") && message.baseId.length)
                writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.baseId);
            if (message.serial != null && $Object.hasOwnProperty.call(message, "serial") && (typeof message.serial === "object" ? message.serial.low || message.serial.high : message.serial !== 0))
                writer.uint32(/* id 5, wireType 0 =*/40).uint64(message.serial);
            if (message.createdAt != null && $Object.hasOwnProperty.call(message, "createdAt") && (typeof message.createdAt === "object" ? message.createdAt.low || message.createdAt.high : message.createdAt !== 0))
                writer.uint32(/* id 6, wireType 0 =*/48).uint64(message.createdAt);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Release message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.Release
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.Release & oppu.Release.$Shape} Release
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Release.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.Release();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.version = value;
                        else
                            delete message.version;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.name = value;
                        else
                            delete message.name;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.tag = value;
                        else
                            delete message.tag;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.baseId = value;
                        else
                            delete message.baseId;
                        continue;
                    }
                case 5: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.serial = value;
                        else
                            delete message.serial;
                        continue;
                    }
                case 6: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.createdAt = value;
                        else
                            delete message.createdAt;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Release;
    })();

    oppu.KeyChange = (function() {

        /**
         * Properties of a KeyChange.
         * @typedef {Object} oppu.KeyChange.$Properties
         * @property {number|null} [version] KeyChange version
         * @property {Uint8Array|null} [next] KeyChange next
         * @property {number|Long|null} [serial] KeyChange serial
         * @property {number|Long|null} [createdAt] KeyChange createdAt
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a KeyChange.
         * @memberof oppu
         * @interface IKeyChange
         * @augments oppu.KeyChange.$Properties
         * @deprecated Use oppu.KeyChange.$Properties instead.
         */

        /**
         * Shape of a KeyChange.
         * @typedef {oppu.KeyChange.$Properties} oppu.KeyChange.$Shape
         */

        /**
         * Constructs a new KeyChange.
         * @memberof oppu
         * @classdesc Represents a KeyChange.
         * @constructor
         * @param {oppu.KeyChange.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const KeyChange = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * KeyChange version.
         * @member {number} version
         * @memberof oppu.KeyChange
         * @instance
         */
        KeyChange.prototype.version = 0;

        /**
         * KeyChange next.
         * @member {Uint8Array} next
         * @memberof oppu.KeyChange
         * @instance
         */
        KeyChange.prototype.next = $util.newBuffer([]);

        /**
         * KeyChange serial.
         * @member {number|Long} serial
         * @memberof oppu.KeyChange
         * @instance
         */
        KeyChange.prototype.serial = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        /**
         * KeyChange createdAt.
         * @member {number|Long} createdAt
         * @memberof oppu.KeyChange
         * @instance
         */
        KeyChange.prototype.createdAt = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        /**
         * Encodes the specified KeyChange message. Does not implicitly {@link oppu.KeyChange.verify|verify} messages.
         * @function encode
         * @memberof oppu.KeyChange
         * @static
         * @param {oppu.KeyChange.$Properties} message KeyChange message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        KeyChange.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.version != null && $Object.hasOwnProperty.call(message, "version") && message.version !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.version);
            if (message.next != null && $Object.hasOwnProperty.call(message, "next") && message.next.length)
                writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.next);
            if (message.serial != null && $Object.hasOwnProperty.call(message, "serial") && (typeof message.serial === "object" ? message.serial.low || message.serial.high : message.serial !== 0))
                writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.serial);
            if (message.createdAt != null && $Object.hasOwnProperty.call(message, "createdAt") && (typeof message.createdAt === "object" ? message.createdAt.low || message.createdAt.high : message.createdAt !== 0))
                writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.createdAt);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a KeyChange message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.KeyChange
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.KeyChange & oppu.KeyChange.$Shape} KeyChange
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        KeyChange.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.KeyChange();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.version = value;
                        else
                            delete message.version;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.next = value;
                        else
                            delete message.next;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.serial = value;
                        else
                            delete message.serial;
                        continue;
                    }
                case 4: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.createdAt = value;
                        else
                            delete message.createdAt;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return KeyChange;
    })();

    oppu.Invitation = (function() {

        /**
         * Properties of an Invitation.
         * @typedef {Object} oppu.Invitation.$Properties
         * @property {number|null} [version] Invitation version
         * @property {Uint8Array|null} [id] Invitation id
         * @property {number|null} [uses] Invitation uses
         * @property {number|Long|null} [expiresAt] Invitation expiresAt
         * @property {Array.<string>|null} [addresses] Invitation addresses
         * @property {Uint8Array|null} [networkKey] Invitation networkKey
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an Invitation.
         * @memberof oppu
         * @interface IInvitation
         * @augments oppu.Invitation.$Properties
         * @deprecated Use oppu.Invitation.$Properties instead.
         */

        /**
         * Shape of an Invitation.
         * @typedef {oppu.Invitation.$Properties} oppu.Invitation.$Shape
         */

        /**
         * Constructs a new Invitation.
         * @memberof oppu
         * @classdesc Represents an Invitation.
         * @constructor
         * @param {oppu.Invitation.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Invitation = function (properties) {
            this.addresses = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Invitation version.
         * @member {number} version
         * @memberof oppu.Invitation
         * @instance
         */
        Invitation.prototype.version = 0;

        /**
         * Invitation id.
         * @member {Uint8Array} id
         * @memberof oppu.Invitation
         * @instance
         */
        Invitation.prototype.id = $util.newBuffer([]);

        /**
         * Invitation uses.
         * @member {number} uses
         * @memberof oppu.Invitation
         * @instance
         */
        Invitation.prototype.uses = 0;

        /**
         * Invitation expiresAt.
         * @member {number|Long} expiresAt
         * @memberof oppu.Invitation
         * @instance
         */
        Invitation.prototype.expiresAt = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        /**
         * Invitation addresses.
         * @member {Array.<string>} addresses
         * @memberof oppu.Invitation
         * @instance
         */
        Invitation.prototype.addresses = $util.emptyArray;

        /**
         * Invitation networkKey.
         * @member {Uint8Array} networkKey
         * @memberof oppu.Invitation
         * @instance
         */
        Invitation.prototype.networkKey = $util.newBuffer([]);

        /**
         * Encodes the specified Invitation message. Does not implicitly {@link oppu.Invitation.verify|verify} messages.
         * @function encode
         * @memberof oppu.Invitation
         * @static
         * @param {oppu.Invitation.$Properties} message Invitation message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Invitation.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.version != null && $Object.hasOwnProperty.call(message, "version") && message.version !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.version);
            if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id.length)
                writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.id);
            if (message.uses != null && $Object.hasOwnProperty.call(message, "uses") && message.uses !== 0)
                writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.uses);
            if (message.expiresAt != null && $Object.hasOwnProperty.call(message, "expiresAt") && (typeof message.expiresAt === "object" ? message.expiresAt.low || message.expiresAt.high : message.expiresAt !== 0))
                writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.expiresAt);
            if (message.addresses != null && message.addresses.length)
                for (let i = 0; i < message.addresses.length; ++i)
                    writer.uint32(/* id 5, wireType 2 =*/42).string(message.addresses[i]);
            if (message.networkKey != null && $Object.hasOwnProperty.call(message, "networkKey") && message.networkKey.length)
                writer.uint32(/* id 6, wireType 2 =*/50).bytes(message.networkKey);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes an Invitation message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.Invitation
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.Invitation & oppu.Invitation.$Shape} Invitation
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Invitation.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.Invitation();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.version = value;
                        else
                            delete message.version;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.id = value;
                        else
                            delete message.id;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.uses = value;
                        else
                            delete message.uses;
                        continue;
                    }
                case 4: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.expiresAt = value;
                        else
                            delete message.expiresAt;
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if (!(message.addresses && message.addresses.length))
                            message.addresses = [];
                        message.addresses.push(reader.stringVerify());
                        continue;
                    }
                case 6: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.networkKey = value;
                        else
                            delete message.networkKey;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Invitation;
    })();

    oppu.Members = (function() {

        /**
         * Properties of a Members.
         * @typedef {Object} oppu.Members.$Properties
         * @property {number|null} [version] Members version
         * @property {number|Long|null} [serial] Members serial
         * @property {number|Long|null} [createdAt] Members createdAt
         * @property {number|Long|null} [expiresAt] Members expiresAt
         * @property {Array.<Uint8Array>|null} [keys] Members keys
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Members.
         * @memberof oppu
         * @interface IMembers
         * @augments oppu.Members.$Properties
         * @deprecated Use oppu.Members.$Properties instead.
         */

        /**
         * Shape of a Members.
         * @typedef {oppu.Members.$Properties} oppu.Members.$Shape
         */

        /**
         * Constructs a new Members.
         * @memberof oppu
         * @classdesc Represents a Members.
         * @constructor
         * @param {oppu.Members.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Members = function (properties) {
            this.keys = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Members version.
         * @member {number} version
         * @memberof oppu.Members
         * @instance
         */
        Members.prototype.version = 0;

        /**
         * Members serial.
         * @member {number|Long} serial
         * @memberof oppu.Members
         * @instance
         */
        Members.prototype.serial = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        /**
         * Members createdAt.
         * @member {number|Long} createdAt
         * @memberof oppu.Members
         * @instance
         */
        Members.prototype.createdAt = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        /**
         * Members expiresAt.
         * @member {number|Long} expiresAt
         * @memberof oppu.Members
         * @instance
         */
        Members.prototype.expiresAt = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        /**
         * Members keys.
         * @member {Array.<Uint8Array>} keys
         * @memberof oppu.Members
         * @instance
         */
        Members.prototype.keys = $util.emptyArray;

        /**
         * Encodes the specified Members message. Does not implicitly {@link oppu.Members.verify|verify} messages.
         * @function encode
         * @memberof oppu.Members
         * @static
         * @param {oppu.Members.$Properties} message Members message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Members.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.version != null && $Object.hasOwnProperty.call(message, "version") && message.version !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.version);
            if (message.serial != null && $Object.hasOwnProperty.call(message, "serial") && (typeof message.serial === "object" ? message.serial.low || message.serial.high : message.serial !== 0))
                writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.serial);
            if (message.createdAt != null && $Object.hasOwnProperty.call(message, "createdAt") && (typeof message.createdAt === "object" ? message.createdAt.low || message.createdAt.high : message.createdAt !== 0))
                writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.createdAt);
            if (message.expiresAt != null && $Object.hasOwnProperty.call(message, "expiresAt") && (typeof message.expiresAt === "object" ? message.expiresAt.low || message.expiresAt.high : message.expiresAt !== 0))
                writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.expiresAt);
            if (message.keys != null && message.keys.length)
                for (let i = 0; i < message.keys.length; ++i)
                    writer.uint32(/* id 5, wireType 2 =*/42).bytes(message.keys[i]);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Members message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.Members
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.Members & oppu.Members.$Shape} Members
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Members.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.Members();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.version = value;
                        else
                            delete message.version;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.serial = value;
                        else
                            delete message.serial;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.createdAt = value;
                        else
                            delete message.createdAt;
                        continue;
                    }
                case 4: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.expiresAt = value;
                        else
                            delete message.expiresAt;
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if (!(message.keys && message.keys.length))
                            message.keys = [];
                        message.keys.push(reader.bytes());
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Members;
    })();

    oppu.Adapter = (function() {

        /**
         * Properties of an Adapter.
         * @typedef {Object} oppu.Adapter.$Properties
         * @property {number|null} [version] Adapter version
         * @property {Uint8Array|null} [baseId] Adapter baseId
         * @property {string|null} [method] Adapter method
         * @property {string|null} [config] Adapter config
         * @property {Array.<oppu.AdapterTensor.$Properties>|null} [tensors] Adapter tensors
         * @property {number|Long|null} [createdAt] Adapter createdAt
         * @property {number|Long|null} [trainedItems] Adapter trainedItems
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an Adapter.
         * @memberof oppu
         * @interface IAdapter
         * @augments oppu.Adapter.$Properties
         * @deprecated Use oppu.Adapter.$Properties instead.
         */

        /**
         * Shape of an Adapter.
         * @typedef {oppu.Adapter.$Properties} oppu.Adapter.$Shape
         */

        /**
         * Constructs a new Adapter.
         * @memberof oppu
         * @classdesc Represents an Adapter.
         * @constructor
         * @param {oppu.Adapter.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Adapter = function (properties) {
            this.tensors = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Adapter version.
         * @member {number} version
         * @memberof oppu.Adapter
         * @instance
         */
        Adapter.prototype.version = 0;

        /**
         * Adapter baseId.
         * @member {Uint8Array} baseId
         * @memberof oppu.Adapter
         * @instance
         */
        Adapter.prototype.baseId = $util.newBuffer([]);

        /**
         * Adapter method.
         * @member {string} method
         * @memberof oppu.Adapter
         * @instance
         */
        Adapter.prototype.method = "";

        /**
         * Adapter config.
         * @member {string} config
         * @memberof oppu.Adapter
         * @instance
         */
        Adapter.prototype.config = "";

        /**
         * Adapter tensors.
         * @member {Array.<oppu.AdapterTensor.$Properties>} tensors
         * @memberof oppu.Adapter
         * @instance
         */
        Adapter.prototype.tensors = $util.emptyArray;

        /**
         * Adapter createdAt.
         * @member {number|Long} createdAt
         * @memberof oppu.Adapter
         * @instance
         */
        Adapter.prototype.createdAt = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        /**
         * Adapter trainedItems.
         * @member {number|Long} trainedItems
         * @memberof oppu.Adapter
         * @instance
         */
        Adapter.prototype.trainedItems = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        /**
         * Encodes the specified Adapter message. Does not implicitly {@link oppu.Adapter.verify|verify} messages.
         * @function encode
         * @memberof oppu.Adapter
         * @static
         * @param {oppu.Adapter.$Properties} message Adapter message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Adapter.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.version != null && $Object.hasOwnProperty.call(message, "version") && message.version !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.version);
            if (message.baseId != null && $Object.hasOwnProperty.call(message, "baseId") && message.baseId.length)
                writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.baseId);
            if (message.method != null && $Object.hasOwnProperty.call(message, "method") && message.method !== "")
                writer.uint32(/* id 3, wireType 2 =*/26).string(message.method);
            if (message.config != null && $Object.hasOwnProperty.call(message, "config") && message.config !== "")
                writer.uint32(/* id 4, wireType 2 =*/34).string(message.config);
            if (message.tensors != null && message.tensors.length)
                for (let i = 0; i < message.tensors.length; ++i)
                    $root.oppu.AdapterTensor.encode(message.tensors[i], writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
            if (message.createdAt != null && $Object.hasOwnProperty.call(message, "createdAt") && (typeof message.createdAt === "object" ? message.createdAt.low || message.createdAt.high : message.createdAt !== 0))
                writer.uint32(/* id 6, wireType 0 =*/48).uint64(message.createdAt);
            if (message.trainedItems != null && $Object.hasOwnProperty.call(message, "trainedItems") && (typeof message.trainedItems === "object" ? message.trainedItems.low || message.trainedItems.high : message.trainedItems !== 0))
                writer.uint32(/* id 7, wireType 0 =*/56).uint64(message.trainedItems);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes an Adapter message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.Adapter
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.Adapter & oppu.Adapter.$Shape} Adapter
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Adapter.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.Adapter();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.version = value;
                        else
                            delete message.version;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.baseId = value;
                        else
                            delete message.baseId;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.method = value;
                        else
                            delete message.method;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.config = value;
                        else
                            delete message.config;
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        if (!(message.tensors && message.tensors.length))
                            message.tensors = [];
                        message.tensors.push($root.oppu.AdapterTensor.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                case 6: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.createdAt = value;
                        else
                            delete message.createdAt;
                        continue;
                    }
                case 7: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.trainedItems = value;
                        else
                            delete message.trainedItems;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Adapter;
    })();

    oppu.AdapterTensor = (function() {

        /**
         * Properties of an AdapterTensor.
         * @typedef {Object} oppu.AdapterTensor.$Properties
         * @property {string|null} [name] AdapterTensor name
         * @property {Array.<number|Long>|null} [shape] AdapterTensor shape
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an AdapterTensor.
         * @memberof oppu
         * @interface IAdapterTensor
         * @augments oppu.AdapterTensor.$Properties
         * @deprecated Use oppu.AdapterTensor.$Properties instead.
         */

        /**
         * Shape of an AdapterTensor.
         * @typedef {oppu.AdapterTensor.$Properties} oppu.AdapterTensor.$Shape
         */

        /**
         * Constructs a new AdapterTensor.
         * @memberof oppu
         * @classdesc Represents an AdapterTensor.
         * @constructor
         * @param {oppu.AdapterTensor.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const AdapterTensor = function (properties) {
            this.shape = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * AdapterTensor name.
         * @member {string} name
         * @memberof oppu.AdapterTensor
         * @instance
         */
        AdapterTensor.prototype.name = "";

        /**
         * AdapterTensor shape.
         * @member {Array.<number|Long>} shape
         * @memberof oppu.AdapterTensor
         * @instance
         */
        AdapterTensor.prototype.shape = $util.emptyArray;

        /**
         * Encodes the specified AdapterTensor message. Does not implicitly {@link oppu.AdapterTensor.verify|verify} messages.
         * @function encode
         * @memberof oppu.AdapterTensor
         * @static
         * @param {oppu.AdapterTensor.$Properties} message AdapterTensor message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        AdapterTensor.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.name);
            if (message.shape != null && message.shape.length)
                writer.uint32(/* id 2, wireType 2 =*/18).uint64s(message.shape);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes an AdapterTensor message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.AdapterTensor
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.AdapterTensor & oppu.AdapterTensor.$Shape} AdapterTensor
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        AdapterTensor.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.AdapterTensor();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.name = value;
                        else
                            delete message.name;
                        continue;
                    }
                case 2: {
                        if (wireType === 2) {
                            if (!(message.shape && message.shape.length))
                                message.shape = [];
                            reader.uint64s(message.shape);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.shape && message.shape.length))
                            message.shape = [];
                        message.shape.push(reader.uint64());
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return AdapterTensor;
    })();

    oppu.Task = (function() {

        /**
         * Properties of a Task.
         * @typedef {Object} oppu.Task.$Properties
         * @property {number|null} [version] Task version
         * @property {string|null} [title] Task title
         * @property {Uint8Array|null} [baseId] Task baseId
         * @property {string|null} [metric] Task metric
         * @property {number|null} [holdOut] Task holdOut
         * @property {number|null} [minimumItems] Task minimumItems
         * @property {number|Long|null} [createdAt] Task createdAt
         * @property {number|Long|null} [expiresAt] Task expiresAt
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Task.
         * @memberof oppu
         * @interface ITask
         * @augments oppu.Task.$Properties
         * @deprecated Use oppu.Task.$Properties instead.
         */

        /**
         * Shape of a Task.
         * @typedef {oppu.Task.$Properties} oppu.Task.$Shape
         */

        /**
         * Constructs a new Task.
         * @memberof oppu
         * @classdesc Represents a Task.
         * @constructor
         * @param {oppu.Task.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Task = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Task version.
         * @member {number} version
         * @memberof oppu.Task
         * @instance
         */
        Task.prototype.version = 0;

        /**
         * Task title.
         * @member {string} title
         * @memberof oppu.Task
         * @instance
         */
        Task.prototype.title = "";

        /**
         * Task baseId.
         * @member {Uint8Array} baseId
         * @memberof oppu.Task
         * @instance
         */
        Task.prototype.baseId = $util.newBuffer([]);

        /**
         * Task metric.
         * @member {string} metric
         * @memberof oppu.Task
         * @instance
         */
        Task.prototype.metric = "";

        /**
         * Task holdOut.
         * @member {number} holdOut
         * @memberof oppu.Task
         * @instance
         */
        Task.prototype.holdOut = 0;

        /**
         * Task minimumItems.
         * @member {number} minimumItems
         * @memberof oppu.Task
         * @instance
         */
        Task.prototype.minimumItems = 0;

        /**
         * Task createdAt.
         * @member {number|Long} createdAt
         * @memberof oppu.Task
         * @instance
         */
        Task.prototype.createdAt = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        /**
         * Task expiresAt.
         * @member {number|Long} expiresAt
         * @memberof oppu.Task
         * @instance
         */
        Task.prototype.expiresAt = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        /**
         * Encodes the specified Task message. Does not implicitly {@link oppu.Task.verify|verify} messages.
         * @function encode
         * @memberof oppu.Task
         * @static
         * @param {oppu.Task.$Properties} message Task message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Task.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.version != null && $Object.hasOwnProperty.call(message, "version") && message.version !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.version);
            if (message.title != null && $Object.hasOwnProperty.call(message, "title") && message.title !== "")
                writer.uint32(/* id 2, wireType 2 =*/18).string(message.title);
            if (message.baseId != null && $Object.hasOwnProperty.call(message, "baseId") && message.baseId.length)
                writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.baseId);
            if (message.metric != null && $Object.hasOwnProperty.call(message, "metric") && message.metric !== "")
                writer.uint32(/* id 4, wireType 2 =*/34).string(message.metric);
            if (message.holdOut != null && $Object.hasOwnProperty.call(message, "holdOut") && message.holdOut !== 0)
                writer.uint32(/* id 5, wireType 0 =*/40).uint32(message.holdOut);
            if (message.minimumItems != null && $Object.hasOwnProperty.call(message, "minimumItems") && message.minimumItems !== 0)
                writer.uint32(/* id 6, wireType 0 =*/48).uint32(message.minimumItems);
            if (message.createdAt != null && $Object.hasOwnProperty.call(message, "createdAt") && (typeof message.createdAt === "object" ? message.createdAt.low || message.createdAt.high : message.createdAt !== 0))
                writer.uint32(/* id 7, wireType 0 =*/56).uint64(message.createdAt);
            if (message.expiresAt != null && $Object.hasOwnProperty.call(message, "expiresAt") && (typeof message.expiresAt === "object" ? message.expiresAt.low || message.expiresAt.high : message.expiresAt !== 0))
                writer.uint32(/* id 8, wireType 0 =*/64).uint64(message.expiresAt);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Task message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.Task
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.Task & oppu.Task.$Shape} Task
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Task.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.Task();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.version = value;
                        else
                            delete message.version;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.title = value;
                        else
                            delete message.title;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.baseId = value;
                        else
                            delete message.baseId;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.metric = value;
                        else
                            delete message.metric;
                        continue;
                    }
                case 5: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.holdOut = value;
                        else
                            delete message.holdOut;
                        continue;
                    }
                case 6: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.minimumItems = value;
                        else
                            delete message.minimumItems;
                        continue;
                    }
                case 7: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.createdAt = value;
                        else
                            delete message.createdAt;
                        continue;
                    }
                case 8: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.expiresAt = value;
                        else
                            delete message.expiresAt;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Task;
    })();

    oppu.Report = (function() {

        /**
         * Properties of a Report.
         * @typedef {Object} oppu.Report.$Properties
         * @property {number|null} [version] Report version
         * @property {Uint8Array|null} [taskId] Report taskId
         * @property {Uint8Array|null} [baseId] Report baseId
         * @property {Uint8Array|null} [adapterId] Report adapterId
         * @property {number|null} [items] Report items
         * @property {oppu.Scores.$Properties|null} [logLikelihood] Report logLikelihood
         * @property {oppu.Scores.$Properties|null} [metric] Report metric
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Report.
         * @memberof oppu
         * @interface IReport
         * @augments oppu.Report.$Properties
         * @deprecated Use oppu.Report.$Properties instead.
         */

        /**
         * Shape of a Report.
         * @typedef {oppu.Report.$Properties} oppu.Report.$Shape
         */

        /**
         * Constructs a new Report.
         * @memberof oppu
         * @classdesc Represents a Report.
         * @constructor
         * @param {oppu.Report.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Report = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Report version.
         * @member {number} version
         * @memberof oppu.Report
         * @instance
         */
        Report.prototype.version = 0;

        /**
         * Report taskId.
         * @member {Uint8Array} taskId
         * @memberof oppu.Report
         * @instance
         */
        Report.prototype.taskId = $util.newBuffer([]);

        /**
         * Report baseId.
         * @member {Uint8Array} baseId
         * @memberof oppu.Report
         * @instance
         */
        Report.prototype.baseId = $util.newBuffer([]);

        /**
         * Report adapterId.
         * @member {Uint8Array} adapterId
         * @memberof oppu.Report
         * @instance
         */
        Report.prototype.adapterId = $util.newBuffer([]);

        /**
         * Report items.
         * @member {number} items
         * @memberof oppu.Report
         * @instance
         */
        Report.prototype.items = 0;

        /**
         * Report logLikelihood.
         * @member {oppu.Scores.$Properties|null|undefined} logLikelihood
         * @memberof oppu.Report
         * @instance
         */
        Report.prototype.logLikelihood = null;

        /**
         * Report metric.
         * @member {oppu.Scores.$Properties|null|undefined} metric
         * @memberof oppu.Report
         * @instance
         */
        Report.prototype.metric = null;

        /**
         * Encodes the specified Report message. Does not implicitly {@link oppu.Report.verify|verify} messages.
         * @function encode
         * @memberof oppu.Report
         * @static
         * @param {oppu.Report.$Properties} message Report message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Report.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.version != null && $Object.hasOwnProperty.call(message, "version") && message.version !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.version);
            if (message.taskId != null && $Object.hasOwnProperty.call(message, "taskId") && message.taskId.length)
                writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.taskId);
            if (message.baseId != null && $Object.hasOwnProperty.call(message, "baseId") && message.baseId.length)
                writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.baseId);
            if (message.adapterId != null && $Object.hasOwnProperty.call(message, "adapterId") && message.adapterId.length)
                writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.adapterId);
            if (message.items != null && $Object.hasOwnProperty.call(message, "items") && message.items !== 0)
                writer.uint32(/* id 5, wireType 0 =*/40).uint32(message.items);
            if (message.logLikelihood != null && $Object.hasOwnProperty.call(message, "logLikelihood"))
                $root.oppu.Scores.encode(message.logLikelihood, writer.uint32(/* id 6, wireType 2 =*/50).fork(), _depth + 1).ldelim();
            if (message.metric != null && $Object.hasOwnProperty.call(message, "metric"))
                $root.oppu.Scores.encode(message.metric, writer.uint32(/* id 7, wireType 2 =*/58).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Report message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.Report
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.Report & oppu.Report.$Shape} Report
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Report.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.Report();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.version = value;
                        else
                            delete message.version;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.taskId = value;
                        else
                            delete message.taskId;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.baseId = value;
                        else
                            delete message.baseId;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.adapterId = value;
                        else
                            delete message.adapterId;
                        continue;
                    }
                case 5: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.items = value;
                        else
                            delete message.items;
                        continue;
                    }
                case 6: {
                        if (wireType !== 2)
                            break;
                        message.logLikelihood = $root.oppu.Scores.decode(reader, reader.size(), $undefined, _depth + 1, message.logLikelihood);
                        continue;
                    }
                case 7: {
                        if (wireType !== 2)
                            break;
                        message.metric = $root.oppu.Scores.decode(reader, reader.size(), $undefined, _depth + 1, message.metric);
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Report;
    })();

    oppu.Scores = (function() {

        /**
         * Properties of a Scores.
         * @typedef {Object} oppu.Scores.$Properties
         * @property {number|null} [base] Scores base
         * @property {number|null} [own] Scores own
         * @property {number|null} [other] Scores other
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Scores.
         * @memberof oppu
         * @interface IScores
         * @augments oppu.Scores.$Properties
         * @deprecated Use oppu.Scores.$Properties instead.
         */

        /**
         * Shape of a Scores.
         * @typedef {oppu.Scores.$Properties} oppu.Scores.$Shape
         */

        /**
         * Constructs a new Scores.
         * @memberof oppu
         * @classdesc Represents a Scores.
         * @constructor
         * @param {oppu.Scores.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Scores = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Scores base.
         * @member {number} base
         * @memberof oppu.Scores
         * @instance
         */
        Scores.prototype.base = 0;

        /**
         * Scores own.
         * @member {number} own
         * @memberof oppu.Scores
         * @instance
         */
        Scores.prototype.own = 0;

        /**
         * Scores other.
         * @member {number|null|undefined} other
         * @memberof oppu.Scores
         * @instance
         */
        Scores.prototype.other = null;

        // OneOf field names bound to virtual getters and setters
        let $oneOfFields;

        // Virtual OneOf for proto3 optional field
        $Object.defineProperty(Scores.prototype, "_other", {
            get: $util.oneOfGetter($oneOfFields = ["other"]),
            set: $util.oneOfSetter($oneOfFields)
        });

        /**
         * Encodes the specified Scores message. Does not implicitly {@link oppu.Scores.verify|verify} messages.
         * @function encode
         * @memberof oppu.Scores
         * @static
         * @param {oppu.Scores.$Properties} message Scores message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Scores.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.base != null && $Object.hasOwnProperty.call(message, "base") && message.base !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).sint32(message.base);
            if (message.own != null && $Object.hasOwnProperty.call(message, "own") && message.own !== 0)
                writer.uint32(/* id 2, wireType 0 =*/16).sint32(message.own);
            if (message.other != null && $Object.hasOwnProperty.call(message, "other"))
                writer.uint32(/* id 3, wireType 0 =*/24).sint32(message.other);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Scores message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.Scores
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.Scores & oppu.Scores.$Shape} Scores
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Scores.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.Scores();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.sint32())
                            message.base = value;
                        else
                            delete message.base;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.sint32())
                            message.own = value;
                        else
                            delete message.own;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        message.other = reader.sint32();
                        message._other = "other";
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Scores;
    })();

    oppu.SignedBytes = (function() {

        /**
         * Properties of a SignedBytes.
         * @typedef {Object} oppu.SignedBytes.$Properties
         * @property {Uint8Array|null} [bytes] SignedBytes bytes
         * @property {Uint8Array|null} [signature] SignedBytes signature
         * @property {Uint8Array|null} [signer] SignedBytes signer
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a SignedBytes.
         * @memberof oppu
         * @interface ISignedBytes
         * @augments oppu.SignedBytes.$Properties
         * @deprecated Use oppu.SignedBytes.$Properties instead.
         */

        /**
         * Shape of a SignedBytes.
         * @typedef {oppu.SignedBytes.$Properties} oppu.SignedBytes.$Shape
         */

        /**
         * Constructs a new SignedBytes.
         * @memberof oppu
         * @classdesc Represents a SignedBytes.
         * @constructor
         * @param {oppu.SignedBytes.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const SignedBytes = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * SignedBytes bytes.
         * @member {Uint8Array} bytes
         * @memberof oppu.SignedBytes
         * @instance
         */
        SignedBytes.prototype.bytes = $util.newBuffer([]);

        /**
         * SignedBytes signature.
         * @member {Uint8Array} signature
         * @memberof oppu.SignedBytes
         * @instance
         */
        SignedBytes.prototype.signature = $util.newBuffer([]);

        /**
         * SignedBytes signer.
         * @member {Uint8Array} signer
         * @memberof oppu.SignedBytes
         * @instance
         */
        SignedBytes.prototype.signer = $util.newBuffer([]);

        /**
         * Encodes the specified SignedBytes message. Does not implicitly {@link oppu.SignedBytes.verify|verify} messages.
         * @function encode
         * @memberof oppu.SignedBytes
         * @static
         * @param {oppu.SignedBytes.$Properties} message SignedBytes message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        SignedBytes.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.bytes != null && $Object.hasOwnProperty.call(message, "bytes") && message.bytes.length)
                writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.bytes);
            if (message.signature != null && $Object.hasOwnProperty.call(message, "signature") && message.signature.length)
                writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.signature);
            if (message.signer != null && $Object.hasOwnProperty.call(message, "signer") && message.signer.length)
                writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.signer);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a SignedBytes message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.SignedBytes
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.SignedBytes & oppu.SignedBytes.$Shape} SignedBytes
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        SignedBytes.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.SignedBytes();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.bytes = value;
                        else
                            delete message.bytes;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.signature = value;
                        else
                            delete message.signature;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.signer = value;
                        else
                            delete message.signer;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return SignedBytes;
    })();

    oppu.Reply = (function() {

        /**
         * Properties of a Reply.
         * @typedef {Object} oppu.Reply.$Properties
         * @property {string|null} [error] Reply error
         * @property {Uint8Array|null} [body] Reply body
         * @property {number|Long|null} [streamBytes] Reply streamBytes
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Reply.
         * @memberof oppu
         * @interface IReply
         * @augments oppu.Reply.$Properties
         * @deprecated Use oppu.Reply.$Properties instead.
         */

        /**
         * Shape of a Reply.
         * @typedef {oppu.Reply.$Properties} oppu.Reply.$Shape
         */

        /**
         * Constructs a new Reply.
         * @memberof oppu
         * @classdesc Represents a Reply.
         * @constructor
         * @param {oppu.Reply.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Reply = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Reply error.
         * @member {string} error
         * @memberof oppu.Reply
         * @instance
         */
        Reply.prototype.error = "";

        /**
         * Reply body.
         * @member {Uint8Array} body
         * @memberof oppu.Reply
         * @instance
         */
        Reply.prototype.body = $util.newBuffer([]);

        /**
         * Reply streamBytes.
         * @member {number|Long} streamBytes
         * @memberof oppu.Reply
         * @instance
         */
        Reply.prototype.streamBytes = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        /**
         * Encodes the specified Reply message. Does not implicitly {@link oppu.Reply.verify|verify} messages.
         * @function encode
         * @memberof oppu.Reply
         * @static
         * @param {oppu.Reply.$Properties} message Reply message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Reply.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.error != null && $Object.hasOwnProperty.call(message, "error") && message.error !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.error);
            if (message.body != null && $Object.hasOwnProperty.call(message, "body") && message.body.length)
                writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.body);
            if (message.streamBytes != null && $Object.hasOwnProperty.call(message, "streamBytes") && (typeof message.streamBytes === "object" ? message.streamBytes.low || message.streamBytes.high : message.streamBytes !== 0))
                writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.streamBytes);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Reply message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.Reply
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.Reply & oppu.Reply.$Shape} Reply
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Reply.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.Reply();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.stringVerify()).length)
                            message.error = value;
                        else
                            delete message.error;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.body = value;
                        else
                            delete message.body;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.streamBytes = value;
                        else
                            delete message.streamBytes;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Reply;
    })();

    oppu.ChunkRequest = (function() {

        /**
         * Properties of a ChunkRequest.
         * @typedef {Object} oppu.ChunkRequest.$Properties
         * @property {Uint8Array|null} [baseId] ChunkRequest baseId
         * @property {number|null} [file] ChunkRequest file
         * @property {number|null} [firstChunk] ChunkRequest firstChunk
         * @property {number|null} [chunkCount] ChunkRequest chunkCount
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a ChunkRequest.
         * @memberof oppu
         * @interface IChunkRequest
         * @augments oppu.ChunkRequest.$Properties
         * @deprecated Use oppu.ChunkRequest.$Properties instead.
         */

        /**
         * Shape of a ChunkRequest.
         * @typedef {oppu.ChunkRequest.$Properties} oppu.ChunkRequest.$Shape
         */

        /**
         * Constructs a new ChunkRequest.
         * @memberof oppu
         * @classdesc Represents a ChunkRequest.
         * @constructor
         * @param {oppu.ChunkRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const ChunkRequest = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * ChunkRequest baseId.
         * @member {Uint8Array} baseId
         * @memberof oppu.ChunkRequest
         * @instance
         */
        ChunkRequest.prototype.baseId = $util.newBuffer([]);

        /**
         * ChunkRequest file.
         * @member {number} file
         * @memberof oppu.ChunkRequest
         * @instance
         */
        ChunkRequest.prototype.file = 0;

        /**
         * ChunkRequest firstChunk.
         * @member {number} firstChunk
         * @memberof oppu.ChunkRequest
         * @instance
         */
        ChunkRequest.prototype.firstChunk = 0;

        /**
         * ChunkRequest chunkCount.
         * @member {number} chunkCount
         * @memberof oppu.ChunkRequest
         * @instance
         */
        ChunkRequest.prototype.chunkCount = 0;

        /**
         * Encodes the specified ChunkRequest message. Does not implicitly {@link oppu.ChunkRequest.verify|verify} messages.
         * @function encode
         * @memberof oppu.ChunkRequest
         * @static
         * @param {oppu.ChunkRequest.$Properties} message ChunkRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        ChunkRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.baseId != null && $Object.hasOwnProperty.call(message, "baseId") && message.baseId.length)
                writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.baseId);
            if (message.file != null && $Object.hasOwnProperty.call(message, "file") && message.file !== 0)
                writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.file);
            if (message.firstChunk != null && $Object.hasOwnProperty.call(message, "firstChunk") && message.firstChunk !== 0)
                writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.firstChunk);
            if (message.chunkCount != null && $Object.hasOwnProperty.call(message, "chunkCount") && message.chunkCount !== 0)
                writer.uint32(/* id 4, wireType 0 =*/32).uint32(message.chunkCount);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a ChunkRequest message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.ChunkRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.ChunkRequest & oppu.ChunkRequest.$Shape} ChunkRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        ChunkRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.ChunkRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.baseId = value;
                        else
                            delete message.baseId;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.file = value;
                        else
                            delete message.file;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.firstChunk = value;
                        else
                            delete message.firstChunk;
                        continue;
                    }
                case 4: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.chunkCount = value;
                        else
                            delete message.chunkCount;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ChunkRequest;
    })();

    oppu.CoordinatorRequest = (function() {

        /**
         * Properties of a CoordinatorRequest.
         * @typedef {Object} oppu.CoordinatorRequest.$Properties
         * @property {oppu.ListRequest.$Properties|null} [listManifests] CoordinatorRequest listManifests
         * @property {oppu.IdRequest.$Properties|null} [getManifest] CoordinatorRequest getManifest
         * @property {oppu.ListRequest.$Properties|null} [listTasks] CoordinatorRequest listTasks
         * @property {oppu.IdRequest.$Properties|null} [listProviders] CoordinatorRequest listProviders
         * @property {oppu.Announcement.$Properties|null} [announce] CoordinatorRequest announce
         * @property {oppu.SignedBytes.$Properties|null} [report] CoordinatorRequest report
         * @property {oppu.ListRequest.$Properties|null} [listBases] CoordinatorRequest listBases
         * @property {oppu.ListRequest.$Properties|null} [listReleases] CoordinatorRequest listReleases
         * @property {oppu.ListRequest.$Properties|null} [listKeys] CoordinatorRequest listKeys
         * @property {oppu.SignedBytes.$Properties|null} [join] CoordinatorRequest join
         * @property {oppu.MembersAsk.$Properties|null} [listMembers] CoordinatorRequest listMembers
         * @property {"listManifests"|"getManifest"|"listTasks"|"listProviders"|"announce"|"report"|"listBases"|"listReleases"|"listKeys"|"join"|"listMembers"} [request] CoordinatorRequest request
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a CoordinatorRequest.
         * @memberof oppu
         * @interface ICoordinatorRequest
         * @augments oppu.CoordinatorRequest.$Properties
         * @deprecated Use oppu.CoordinatorRequest.$Properties instead.
         */

        /**
         * Narrowed shape of a CoordinatorRequest.
         * @typedef {{
         *   listManifests?: oppu.ListRequest.$Shape|null;
         *   getManifest?: oppu.IdRequest.$Shape|null;
         *   listTasks?: oppu.ListRequest.$Shape|null;
         *   listProviders?: oppu.IdRequest.$Shape|null;
         *   announce?: oppu.Announcement.$Shape|null;
         *   report?: oppu.SignedBytes.$Shape|null;
         *   listBases?: oppu.ListRequest.$Shape|null;
         *   listReleases?: oppu.ListRequest.$Shape|null;
         *   listKeys?: oppu.ListRequest.$Shape|null;
         *   join?: oppu.SignedBytes.$Shape|null;
         *   listMembers?: oppu.MembersAsk.$Shape|null;
         *   $unknowns?: Array.<Uint8Array>;
         * } & (
         *   ({ request?: undefined; listManifests?: null; getManifest?: null; listTasks?: null; listProviders?: null; announce?: null; report?: null; listBases?: null; listReleases?: null; listKeys?: null; join?: null; listMembers?: null }|{ request?: "listManifests"; listManifests: oppu.ListRequest.$Shape; getManifest?: null; listTasks?: null; listProviders?: null; announce?: null; report?: null; listBases?: null; listReleases?: null; listKeys?: null; join?: null; listMembers?: null }|{ request?: "getManifest"; listManifests?: null; getManifest: oppu.IdRequest.$Shape; listTasks?: null; listProviders?: null; announce?: null; report?: null; listBases?: null; listReleases?: null; listKeys?: null; join?: null; listMembers?: null }|{ request?: "listTasks"; listManifests?: null; getManifest?: null; listTasks: oppu.ListRequest.$Shape; listProviders?: null; announce?: null; report?: null; listBases?: null; listReleases?: null; listKeys?: null; join?: null; listMembers?: null }|{ request?: "listProviders"; listManifests?: null; getManifest?: null; listTasks?: null; listProviders: oppu.IdRequest.$Shape; announce?: null; report?: null; listBases?: null; listReleases?: null; listKeys?: null; join?: null; listMembers?: null }|{ request?: "announce"; listManifests?: null; getManifest?: null; listTasks?: null; listProviders?: null; announce: oppu.Announcement.$Shape; report?: null; listBases?: null; listReleases?: null; listKeys?: null; join?: null; listMembers?: null }|{ request?: "report"; listManifests?: null; getManifest?: null; listTasks?: null; listProviders?: null; announce?: null; report: oppu.SignedBytes.$Shape; listBases?: null; listReleases?: null; listKeys?: null; join?: null; listMembers?: null }|{ request?: "listBases"; listManifests?: null; getManifest?: null; listTasks?: null; listProviders?: null; announce?: null; report?: null; listBases: oppu.ListRequest.$Shape; listReleases?: null; listKeys?: null; join?: null; listMembers?: null }|{ request?: "listReleases"; listManifests?: null; getManifest?: null; listTasks?: null; listProviders?: null; announce?: null; report?: null; listBases?: null; listReleases: oppu.ListRequest.$Shape; listKeys?: null; join?: null; listMembers?: null }|{ request?: "listKeys"; listManifests?: null; getManifest?: null; listTasks?: null; listProviders?: null; announce?: null; report?: null; listBases?: null; listReleases?: null; listKeys: oppu.ListRequest.$Shape; join?: null; listMembers?: null }|{ request?: "join"; listManifests?: null; getManifest?: null; listTasks?: null; listProviders?: null; announce?: null; report?: null; listBases?: null; listReleases?: null; listKeys?: null; join: oppu.SignedBytes.$Shape; listMembers?: null }|{ request?: "listMembers"; listManifests?: null; getManifest?: null; listTasks?: null; listProviders?: null; announce?: null; report?: null; listBases?: null; listReleases?: null; listKeys?: null; join?: null; listMembers: oppu.MembersAsk.$Shape })
         * )} oppu.CoordinatorRequest.$Shape
         */

        /**
         * Constructs a new CoordinatorRequest.
         * @memberof oppu
         * @classdesc Represents a CoordinatorRequest.
         * @constructor
         * @param {oppu.CoordinatorRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const CoordinatorRequest = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * CoordinatorRequest listManifests.
         * @member {oppu.ListRequest.$Properties|null|undefined} listManifests
         * @memberof oppu.CoordinatorRequest
         * @instance
         */
        CoordinatorRequest.prototype.listManifests = null;

        /**
         * CoordinatorRequest getManifest.
         * @member {oppu.IdRequest.$Properties|null|undefined} getManifest
         * @memberof oppu.CoordinatorRequest
         * @instance
         */
        CoordinatorRequest.prototype.getManifest = null;

        /**
         * CoordinatorRequest listTasks.
         * @member {oppu.ListRequest.$Properties|null|undefined} listTasks
         * @memberof oppu.CoordinatorRequest
         * @instance
         */
        CoordinatorRequest.prototype.listTasks = null;

        /**
         * CoordinatorRequest listProviders.
         * @member {oppu.IdRequest.$Properties|null|undefined} listProviders
         * @memberof oppu.CoordinatorRequest
         * @instance
         */
        CoordinatorRequest.prototype.listProviders = null;

        /**
         * CoordinatorRequest announce.
         * @member {oppu.Announcement.$Properties|null|undefined} announce
         * @memberof oppu.CoordinatorRequest
         * @instance
         */
        CoordinatorRequest.prototype.announce = null;

        /**
         * CoordinatorRequest report.
         * @member {oppu.SignedBytes.$Properties|null|undefined} report
         * @memberof oppu.CoordinatorRequest
         * @instance
         */
        CoordinatorRequest.prototype.report = null;

        /**
         * CoordinatorRequest listBases.
         * @member {oppu.ListRequest.$Properties|null|undefined} listBases
         * @memberof oppu.CoordinatorRequest
         * @instance
         */
        CoordinatorRequest.prototype.listBases = null;

        /**
         * CoordinatorRequest listReleases.
         * @member {oppu.ListRequest.$Properties|null|undefined} listReleases
         * @memberof oppu.CoordinatorRequest
         * @instance
         */
        CoordinatorRequest.prototype.listReleases = null;

        /**
         * CoordinatorRequest listKeys.
         * @member {oppu.ListRequest.$Properties|null|undefined} listKeys
         * @memberof oppu.CoordinatorRequest
         * @instance
         */
        CoordinatorRequest.prototype.listKeys = null;

        /**
         * CoordinatorRequest join.
         * @member {oppu.SignedBytes.$Properties|null|undefined} join
         * @memberof oppu.CoordinatorRequest
         * @instance
         */
        CoordinatorRequest.prototype.join = null;

        /**
         * CoordinatorRequest listMembers.
         * @member {oppu.MembersAsk.$Properties|null|undefined} listMembers
         * @memberof oppu.CoordinatorRequest
         * @instance
         */
        CoordinatorRequest.prototype.listMembers = null;

        // OneOf field names bound to virtual getters and setters
        let $oneOfFields;

        /**
         * CoordinatorRequest request.
         * @member {"listManifests"|"getManifest"|"listTasks"|"listProviders"|"announce"|"report"|"listBases"|"listReleases"|"listKeys"|"join"|"listMembers"|undefined} request
         * @memberof oppu.CoordinatorRequest
         * @instance
         */
        $Object.defineProperty(CoordinatorRequest.prototype, "request", {
            get: $util.oneOfGetter($oneOfFields = ["listManifests", "getManifest", "listTasks", "listProviders", "announce", "report", "listBases", "listReleases", "listKeys", "join", "listMembers"]),
            set: $util.oneOfSetter($oneOfFields)
        });

        /**
         * Encodes the specified CoordinatorRequest message. Does not implicitly {@link oppu.CoordinatorRequest.verify|verify} messages.
         * @function encode
         * @memberof oppu.CoordinatorRequest
         * @static
         * @param {oppu.CoordinatorRequest.$Properties} message CoordinatorRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        CoordinatorRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.listManifests != null && $Object.hasOwnProperty.call(message, "listManifests"))
                $root.oppu.ListRequest.encode(message.listManifests, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.getManifest != null && $Object.hasOwnProperty.call(message, "getManifest"))
                $root.oppu.IdRequest.encode(message.getManifest, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
            if (message.listTasks != null && $Object.hasOwnProperty.call(message, "listTasks"))
                $root.oppu.ListRequest.encode(message.listTasks, writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
            if (message.listProviders != null && $Object.hasOwnProperty.call(message, "listProviders"))
                $root.oppu.IdRequest.encode(message.listProviders, writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
            if (message.announce != null && $Object.hasOwnProperty.call(message, "announce"))
                $root.oppu.Announcement.encode(message.announce, writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
            if (message.report != null && $Object.hasOwnProperty.call(message, "report"))
                $root.oppu.SignedBytes.encode(message.report, writer.uint32(/* id 6, wireType 2 =*/50).fork(), _depth + 1).ldelim();
            if (message.listBases != null && $Object.hasOwnProperty.call(message, "listBases"))
                $root.oppu.ListRequest.encode(message.listBases, writer.uint32(/* id 7, wireType 2 =*/58).fork(), _depth + 1).ldelim();
            if (message.listReleases != null && $Object.hasOwnProperty.call(message, "listReleases"))
                $root.oppu.ListRequest.encode(message.listReleases, writer.uint32(/* id 8, wireType 2 =*/66).fork(), _depth + 1).ldelim();
            if (message.listKeys != null && $Object.hasOwnProperty.call(message, "listKeys"))
                $root.oppu.ListRequest.encode(message.listKeys, writer.uint32(/* id 9, wireType 2 =*/74).fork(), _depth + 1).ldelim();
            if (message.join != null && $Object.hasOwnProperty.call(message, "join"))
                $root.oppu.SignedBytes.encode(message.join, writer.uint32(/* id 10, wireType 2 =*/82).fork(), _depth + 1).ldelim();
            if (message.listMembers != null && $Object.hasOwnProperty.call(message, "listMembers"))
                $root.oppu.MembersAsk.encode(message.listMembers, writer.uint32(/* id 11, wireType 2 =*/90).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a CoordinatorRequest message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.CoordinatorRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.CoordinatorRequest & oppu.CoordinatorRequest.$Shape} CoordinatorRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        CoordinatorRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.CoordinatorRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        message.listManifests = $root.oppu.ListRequest.decode(reader, reader.size(), $undefined, _depth + 1, message.listManifests);
                        message.request = "listManifests";
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        message.getManifest = $root.oppu.IdRequest.decode(reader, reader.size(), $undefined, _depth + 1, message.getManifest);
                        message.request = "getManifest";
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        message.listTasks = $root.oppu.ListRequest.decode(reader, reader.size(), $undefined, _depth + 1, message.listTasks);
                        message.request = "listTasks";
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        message.listProviders = $root.oppu.IdRequest.decode(reader, reader.size(), $undefined, _depth + 1, message.listProviders);
                        message.request = "listProviders";
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        message.announce = $root.oppu.Announcement.decode(reader, reader.size(), $undefined, _depth + 1, message.announce);
                        message.request = "announce";
                        continue;
                    }
                case 6: {
                        if (wireType !== 2)
                            break;
                        message.report = $root.oppu.SignedBytes.decode(reader, reader.size(), $undefined, _depth + 1, message.report);
                        message.request = "report";
                        continue;
                    }
                case 7: {
                        if (wireType !== 2)
                            break;
                        message.listBases = $root.oppu.ListRequest.decode(reader, reader.size(), $undefined, _depth + 1, message.listBases);
                        message.request = "listBases";
                        continue;
                    }
                case 8: {
                        if (wireType !== 2)
                            break;
                        message.listReleases = $root.oppu.ListRequest.decode(reader, reader.size(), $undefined, _depth + 1, message.listReleases);
                        message.request = "listReleases";
                        continue;
                    }
                case 9: {
                        if (wireType !== 2)
                            break;
                        message.listKeys = $root.oppu.ListRequest.decode(reader, reader.size(), $undefined, _depth + 1, message.listKeys);
                        message.request = "listKeys";
                        continue;
                    }
                case 10: {
                        if (wireType !== 2)
                            break;
                        message.join = $root.oppu.SignedBytes.decode(reader, reader.size(), $undefined, _depth + 1, message.join);
                        message.request = "join";
                        continue;
                    }
                case 11: {
                        if (wireType !== 2)
                            break;
                        message.listMembers = $root.oppu.MembersAsk.decode(reader, reader.size(), $undefined, _depth + 1, message.listMembers);
                        message.request = "listMembers";
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return CoordinatorRequest;
    })();

    oppu.BaseRequest = (function() {

        /**
         * Properties of a BaseRequest.
         * @typedef {Object} oppu.BaseRequest.$Properties
         * @property {Uint8Array|null} [baseId] BaseRequest baseId
         * @property {oppu.ManifestAsk.$Properties|null} [manifest] BaseRequest manifest
         * @property {oppu.OutlineAsk.$Properties|null} [outline] BaseRequest outline
         * @property {oppu.HoldingsAsk.$Properties|null} [holdings] BaseRequest holdings
         * @property {oppu.ChunksAsk.$Properties|null} [chunks] BaseRequest chunks
         * @property {"manifest"|"outline"|"holdings"|"chunks"} [ask] BaseRequest ask
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a BaseRequest.
         * @memberof oppu
         * @interface IBaseRequest
         * @augments oppu.BaseRequest.$Properties
         * @deprecated Use oppu.BaseRequest.$Properties instead.
         */

        /**
         * Narrowed shape of a BaseRequest.
         * @typedef {{
         *   baseId?: Uint8Array|null;
         *   manifest?: oppu.ManifestAsk.$Shape|null;
         *   outline?: oppu.OutlineAsk.$Shape|null;
         *   holdings?: oppu.HoldingsAsk.$Shape|null;
         *   chunks?: oppu.ChunksAsk.$Shape|null;
         *   $unknowns?: Array.<Uint8Array>;
         * } & (
         *   ({ ask?: undefined; manifest?: null; outline?: null; holdings?: null; chunks?: null }|{ ask?: "manifest"; manifest: oppu.ManifestAsk.$Shape; outline?: null; holdings?: null; chunks?: null }|{ ask?: "outline"; manifest?: null; outline: oppu.OutlineAsk.$Shape; holdings?: null; chunks?: null }|{ ask?: "holdings"; manifest?: null; outline?: null; holdings: oppu.HoldingsAsk.$Shape; chunks?: null }|{ ask?: "chunks"; manifest?: null; outline?: null; holdings?: null; chunks: oppu.ChunksAsk.$Shape })
         * )} oppu.BaseRequest.$Shape
         */

        /**
         * Constructs a new BaseRequest.
         * @memberof oppu
         * @classdesc Represents a BaseRequest.
         * @constructor
         * @param {oppu.BaseRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const BaseRequest = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * BaseRequest baseId.
         * @member {Uint8Array} baseId
         * @memberof oppu.BaseRequest
         * @instance
         */
        BaseRequest.prototype.baseId = $util.newBuffer([]);

        /**
         * BaseRequest manifest.
         * @member {oppu.ManifestAsk.$Properties|null|undefined} manifest
         * @memberof oppu.BaseRequest
         * @instance
         */
        BaseRequest.prototype.manifest = null;

        /**
         * BaseRequest outline.
         * @member {oppu.OutlineAsk.$Properties|null|undefined} outline
         * @memberof oppu.BaseRequest
         * @instance
         */
        BaseRequest.prototype.outline = null;

        /**
         * BaseRequest holdings.
         * @member {oppu.HoldingsAsk.$Properties|null|undefined} holdings
         * @memberof oppu.BaseRequest
         * @instance
         */
        BaseRequest.prototype.holdings = null;

        /**
         * BaseRequest chunks.
         * @member {oppu.ChunksAsk.$Properties|null|undefined} chunks
         * @memberof oppu.BaseRequest
         * @instance
         */
        BaseRequest.prototype.chunks = null;

        // OneOf field names bound to virtual getters and setters
        let $oneOfFields;

        /**
         * BaseRequest ask.
         * @member {"manifest"|"outline"|"holdings"|"chunks"|undefined} ask
         * @memberof oppu.BaseRequest
         * @instance
         */
        $Object.defineProperty(BaseRequest.prototype, "ask", {
            get: $util.oneOfGetter($oneOfFields = ["manifest", "outline", "holdings", "chunks"]),
            set: $util.oneOfSetter($oneOfFields)
        });

        /**
         * Encodes the specified BaseRequest message. Does not implicitly {@link oppu.BaseRequest.verify|verify} messages.
         * @function encode
         * @memberof oppu.BaseRequest
         * @static
         * @param {oppu.BaseRequest.$Properties} message BaseRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        BaseRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.baseId != null && $Object.hasOwnProperty.call(message, "baseId") && message.baseId.length)
                writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.baseId);
            if (message.manifest != null && $Object.hasOwnProperty.call(message, "manifest"))
                $root.oppu.ManifestAsk.encode(message.manifest, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
            if (message.outline != null && $Object.hasOwnProperty.call(message, "outline"))
                $root.oppu.OutlineAsk.encode(message.outline, writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
            if (message.holdings != null && $Object.hasOwnProperty.call(message, "holdings"))
                $root.oppu.HoldingsAsk.encode(message.holdings, writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
            if (message.chunks != null && $Object.hasOwnProperty.call(message, "chunks"))
                $root.oppu.ChunksAsk.encode(message.chunks, writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a BaseRequest message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.BaseRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.BaseRequest & oppu.BaseRequest.$Shape} BaseRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        BaseRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.BaseRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.baseId = value;
                        else
                            delete message.baseId;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        message.manifest = $root.oppu.ManifestAsk.decode(reader, reader.size(), $undefined, _depth + 1, message.manifest);
                        message.ask = "manifest";
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        message.outline = $root.oppu.OutlineAsk.decode(reader, reader.size(), $undefined, _depth + 1, message.outline);
                        message.ask = "outline";
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        message.holdings = $root.oppu.HoldingsAsk.decode(reader, reader.size(), $undefined, _depth + 1, message.holdings);
                        message.ask = "holdings";
                        continue;
                    }
                case 5: {
                        if (wireType !== 2)
                            break;
                        message.chunks = $root.oppu.ChunksAsk.decode(reader, reader.size(), $undefined, _depth + 1, message.chunks);
                        message.ask = "chunks";
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return BaseRequest;
    })();

    oppu.ManifestAsk = (function() {

        /**
         * Properties of a ManifestAsk.
         * @typedef {Object} oppu.ManifestAsk.$Properties
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a ManifestAsk.
         * @memberof oppu
         * @interface IManifestAsk
         * @augments oppu.ManifestAsk.$Properties
         * @deprecated Use oppu.ManifestAsk.$Properties instead.
         */

        /**
         * Shape of a ManifestAsk.
         * @typedef {oppu.ManifestAsk.$Properties} oppu.ManifestAsk.$Shape
         */

        /**
         * Constructs a new ManifestAsk.
         * @memberof oppu
         * @classdesc Represents a ManifestAsk.
         * @constructor
         * @param {oppu.ManifestAsk.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const ManifestAsk = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Encodes the specified ManifestAsk message. Does not implicitly {@link oppu.ManifestAsk.verify|verify} messages.
         * @function encode
         * @memberof oppu.ManifestAsk
         * @static
         * @param {oppu.ManifestAsk.$Properties} message ManifestAsk message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        ManifestAsk.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a ManifestAsk message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.ManifestAsk
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.ManifestAsk & oppu.ManifestAsk.$Shape} ManifestAsk
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        ManifestAsk.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.ManifestAsk();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                reader.skipType(tag & 7, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ManifestAsk;
    })();

    oppu.ManifestAnswer = (function() {

        /**
         * Properties of a ManifestAnswer.
         * @typedef {Object} oppu.ManifestAnswer.$Properties
         * @property {Uint8Array|null} [manifest] ManifestAnswer manifest
         * @property {oppu.SignedBytes.$Properties|null} [published] ManifestAnswer published
         * @property {oppu.SignedBytes.$Properties|null} [licence] ManifestAnswer licence
         * @property {Array.<oppu.SignedBytes.$Properties>|null} [keys] ManifestAnswer keys
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a ManifestAnswer.
         * @memberof oppu
         * @interface IManifestAnswer
         * @augments oppu.ManifestAnswer.$Properties
         * @deprecated Use oppu.ManifestAnswer.$Properties instead.
         */

        /**
         * Shape of a ManifestAnswer.
         * @typedef {oppu.ManifestAnswer.$Properties} oppu.ManifestAnswer.$Shape
         */

        /**
         * Constructs a new ManifestAnswer.
         * @memberof oppu
         * @classdesc Represents a ManifestAnswer.
         * @constructor
         * @param {oppu.ManifestAnswer.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const ManifestAnswer = function (properties) {
            this.keys = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * ManifestAnswer manifest.
         * @member {Uint8Array} manifest
         * @memberof oppu.ManifestAnswer
         * @instance
         */
        ManifestAnswer.prototype.manifest = $util.newBuffer([]);

        /**
         * ManifestAnswer published.
         * @member {oppu.SignedBytes.$Properties|null|undefined} published
         * @memberof oppu.ManifestAnswer
         * @instance
         */
        ManifestAnswer.prototype.published = null;

        /**
         * ManifestAnswer licence.
         * @member {oppu.SignedBytes.$Properties|null|undefined} licence
         * @memberof oppu.ManifestAnswer
         * @instance
         */
        ManifestAnswer.prototype.licence = null;

        /**
         * ManifestAnswer keys.
         * @member {Array.<oppu.SignedBytes.$Properties>} keys
         * @memberof oppu.ManifestAnswer
         * @instance
         */
        ManifestAnswer.prototype.keys = $util.emptyArray;

        /**
         * Encodes the specified ManifestAnswer message. Does not implicitly {@link oppu.ManifestAnswer.verify|verify} messages.
         * @function encode
         * @memberof oppu.ManifestAnswer
         * @static
         * @param {oppu.ManifestAnswer.$Properties} message ManifestAnswer message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        ManifestAnswer.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.manifest != null && $Object.hasOwnProperty.call(message, "manifest") && message.manifest.length)
                writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.manifest);
            if (message.published != null && $Object.hasOwnProperty.call(message, "published"))
                $root.oppu.SignedBytes.encode(message.published, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
            if (message.licence != null && $Object.hasOwnProperty.call(message, "licence"))
                $root.oppu.SignedBytes.encode(message.licence, writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
            if (message.keys != null && message.keys.length)
                for (let i = 0; i < message.keys.length; ++i)
                    $root.oppu.SignedBytes.encode(message.keys[i], writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a ManifestAnswer message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.ManifestAnswer
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.ManifestAnswer & oppu.ManifestAnswer.$Shape} ManifestAnswer
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        ManifestAnswer.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.ManifestAnswer();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.manifest = value;
                        else
                            delete message.manifest;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        message.published = $root.oppu.SignedBytes.decode(reader, reader.size(), $undefined, _depth + 1, message.published);
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        message.licence = $root.oppu.SignedBytes.decode(reader, reader.size(), $undefined, _depth + 1, message.licence);
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if (!(message.keys && message.keys.length))
                            message.keys = [];
                        message.keys.push($root.oppu.SignedBytes.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ManifestAnswer;
    })();

    oppu.OutlineAsk = (function() {

        /**
         * Properties of an OutlineAsk.
         * @typedef {Object} oppu.OutlineAsk.$Properties
         * @property {number|null} [file] OutlineAsk file
         * @property {number|null} [first] OutlineAsk first
         * @property {number|null} [count] OutlineAsk count
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an OutlineAsk.
         * @memberof oppu
         * @interface IOutlineAsk
         * @augments oppu.OutlineAsk.$Properties
         * @deprecated Use oppu.OutlineAsk.$Properties instead.
         */

        /**
         * Shape of an OutlineAsk.
         * @typedef {oppu.OutlineAsk.$Properties} oppu.OutlineAsk.$Shape
         */

        /**
         * Constructs a new OutlineAsk.
         * @memberof oppu
         * @classdesc Represents an OutlineAsk.
         * @constructor
         * @param {oppu.OutlineAsk.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const OutlineAsk = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * OutlineAsk file.
         * @member {number} file
         * @memberof oppu.OutlineAsk
         * @instance
         */
        OutlineAsk.prototype.file = 0;

        /**
         * OutlineAsk first.
         * @member {number} first
         * @memberof oppu.OutlineAsk
         * @instance
         */
        OutlineAsk.prototype.first = 0;

        /**
         * OutlineAsk count.
         * @member {number} count
         * @memberof oppu.OutlineAsk
         * @instance
         */
        OutlineAsk.prototype.count = 0;

        /**
         * Encodes the specified OutlineAsk message. Does not implicitly {@link oppu.OutlineAsk.verify|verify} messages.
         * @function encode
         * @memberof oppu.OutlineAsk
         * @static
         * @param {oppu.OutlineAsk.$Properties} message OutlineAsk message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        OutlineAsk.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.file != null && $Object.hasOwnProperty.call(message, "file") && message.file !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.file);
            if (message.first != null && $Object.hasOwnProperty.call(message, "first") && message.first !== 0)
                writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.first);
            if (message.count != null && $Object.hasOwnProperty.call(message, "count") && message.count !== 0)
                writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.count);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes an OutlineAsk message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.OutlineAsk
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.OutlineAsk & oppu.OutlineAsk.$Shape} OutlineAsk
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        OutlineAsk.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.OutlineAsk();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.file = value;
                        else
                            delete message.file;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.first = value;
                        else
                            delete message.first;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.count = value;
                        else
                            delete message.count;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return OutlineAsk;
    })();

    oppu.OutlineAnswer = (function() {

        /**
         * Properties of an OutlineAnswer.
         * @typedef {Object} oppu.OutlineAnswer.$Properties
         * @property {number|Long|null} [offset] OutlineAnswer offset
         * @property {Array.<number>|null} [lengths] OutlineAnswer lengths
         * @property {Uint8Array|null} [hashes] OutlineAnswer hashes
         * @property {Uint8Array|null} [proof] OutlineAnswer proof
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an OutlineAnswer.
         * @memberof oppu
         * @interface IOutlineAnswer
         * @augments oppu.OutlineAnswer.$Properties
         * @deprecated Use oppu.OutlineAnswer.$Properties instead.
         */

        /**
         * Shape of an OutlineAnswer.
         * @typedef {oppu.OutlineAnswer.$Properties} oppu.OutlineAnswer.$Shape
         */

        /**
         * Constructs a new OutlineAnswer.
         * @memberof oppu
         * @classdesc Represents an OutlineAnswer.
         * @constructor
         * @param {oppu.OutlineAnswer.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const OutlineAnswer = function (properties) {
            this.lengths = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * OutlineAnswer offset.
         * @member {number|Long} offset
         * @memberof oppu.OutlineAnswer
         * @instance
         */
        OutlineAnswer.prototype.offset = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        /**
         * OutlineAnswer lengths.
         * @member {Array.<number>} lengths
         * @memberof oppu.OutlineAnswer
         * @instance
         */
        OutlineAnswer.prototype.lengths = $util.emptyArray;

        /**
         * OutlineAnswer hashes.
         * @member {Uint8Array} hashes
         * @memberof oppu.OutlineAnswer
         * @instance
         */
        OutlineAnswer.prototype.hashes = $util.newBuffer([]);

        /**
         * OutlineAnswer proof.
         * @member {Uint8Array} proof
         * @memberof oppu.OutlineAnswer
         * @instance
         */
        OutlineAnswer.prototype.proof = $util.newBuffer([]);

        /**
         * Encodes the specified OutlineAnswer message. Does not implicitly {@link oppu.OutlineAnswer.verify|verify} messages.
         * @function encode
         * @memberof oppu.OutlineAnswer
         * @static
         * @param {oppu.OutlineAnswer.$Properties} message OutlineAnswer message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        OutlineAnswer.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.offset != null && $Object.hasOwnProperty.call(message, "offset") && (typeof message.offset === "object" ? message.offset.low || message.offset.high : message.offset !== 0))
                writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.offset);
            if (message.lengths != null && message.lengths.length)
                writer.uint32(/* id 2, wireType 2 =*/18).uint32s(message.lengths);
            if (message.hashes != null && $Object.hasOwnProperty.call(message, "hashes") && message.hashes.length)
                writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.hashes);
            if (message.proof != null && $Object.hasOwnProperty.call(message, "proof") && message.proof.length)
                writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.proof);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes an OutlineAnswer message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.OutlineAnswer
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.OutlineAnswer & oppu.OutlineAnswer.$Shape} OutlineAnswer
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        OutlineAnswer.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.OutlineAnswer();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.offset = value;
                        else
                            delete message.offset;
                        continue;
                    }
                case 2: {
                        if (wireType === 2) {
                            if (!(message.lengths && message.lengths.length))
                                message.lengths = [];
                            reader.uint32s(message.lengths);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.lengths && message.lengths.length))
                            message.lengths = [];
                        message.lengths.push(reader.uint32());
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.hashes = value;
                        else
                            delete message.hashes;
                        continue;
                    }
                case 4: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.proof = value;
                        else
                            delete message.proof;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return OutlineAnswer;
    })();

    oppu.HoldingsAsk = (function() {

        /**
         * Properties of a HoldingsAsk.
         * @typedef {Object} oppu.HoldingsAsk.$Properties
         * @property {number|null} [revision] HoldingsAsk revision
         * @property {number|null} [waitMs] HoldingsAsk waitMs
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a HoldingsAsk.
         * @memberof oppu
         * @interface IHoldingsAsk
         * @augments oppu.HoldingsAsk.$Properties
         * @deprecated Use oppu.HoldingsAsk.$Properties instead.
         */

        /**
         * Shape of a HoldingsAsk.
         * @typedef {oppu.HoldingsAsk.$Properties} oppu.HoldingsAsk.$Shape
         */

        /**
         * Constructs a new HoldingsAsk.
         * @memberof oppu
         * @classdesc Represents a HoldingsAsk.
         * @constructor
         * @param {oppu.HoldingsAsk.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const HoldingsAsk = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * HoldingsAsk revision.
         * @member {number} revision
         * @memberof oppu.HoldingsAsk
         * @instance
         */
        HoldingsAsk.prototype.revision = 0;

        /**
         * HoldingsAsk waitMs.
         * @member {number} waitMs
         * @memberof oppu.HoldingsAsk
         * @instance
         */
        HoldingsAsk.prototype.waitMs = 0;

        /**
         * Encodes the specified HoldingsAsk message. Does not implicitly {@link oppu.HoldingsAsk.verify|verify} messages.
         * @function encode
         * @memberof oppu.HoldingsAsk
         * @static
         * @param {oppu.HoldingsAsk.$Properties} message HoldingsAsk message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        HoldingsAsk.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.revision != null && $Object.hasOwnProperty.call(message, "revision") && message.revision !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.revision);
            if (message.waitMs != null && $Object.hasOwnProperty.call(message, "waitMs") && message.waitMs !== 0)
                writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.waitMs);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a HoldingsAsk message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.HoldingsAsk
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.HoldingsAsk & oppu.HoldingsAsk.$Shape} HoldingsAsk
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        HoldingsAsk.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.HoldingsAsk();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.revision = value;
                        else
                            delete message.revision;
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.waitMs = value;
                        else
                            delete message.waitMs;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return HoldingsAsk;
    })();

    oppu.HoldingsAnswer = (function() {

        /**
         * Properties of a HoldingsAnswer.
         * @typedef {Object} oppu.HoldingsAnswer.$Properties
         * @property {number|null} [revision] HoldingsAnswer revision
         * @property {Uint8Array|null} [held] HoldingsAnswer held
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a HoldingsAnswer.
         * @memberof oppu
         * @interface IHoldingsAnswer
         * @augments oppu.HoldingsAnswer.$Properties
         * @deprecated Use oppu.HoldingsAnswer.$Properties instead.
         */

        /**
         * Shape of a HoldingsAnswer.
         * @typedef {oppu.HoldingsAnswer.$Properties} oppu.HoldingsAnswer.$Shape
         */

        /**
         * Constructs a new HoldingsAnswer.
         * @memberof oppu
         * @classdesc Represents a HoldingsAnswer.
         * @constructor
         * @param {oppu.HoldingsAnswer.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const HoldingsAnswer = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * HoldingsAnswer revision.
         * @member {number} revision
         * @memberof oppu.HoldingsAnswer
         * @instance
         */
        HoldingsAnswer.prototype.revision = 0;

        /**
         * HoldingsAnswer held.
         * @member {Uint8Array} held
         * @memberof oppu.HoldingsAnswer
         * @instance
         */
        HoldingsAnswer.prototype.held = $util.newBuffer([]);

        /**
         * Encodes the specified HoldingsAnswer message. Does not implicitly {@link oppu.HoldingsAnswer.verify|verify} messages.
         * @function encode
         * @memberof oppu.HoldingsAnswer
         * @static
         * @param {oppu.HoldingsAnswer.$Properties} message HoldingsAnswer message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        HoldingsAnswer.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.revision != null && $Object.hasOwnProperty.call(message, "revision") && message.revision !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.revision);
            if (message.held != null && $Object.hasOwnProperty.call(message, "held") && message.held.length)
                writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.held);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a HoldingsAnswer message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.HoldingsAnswer
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.HoldingsAnswer & oppu.HoldingsAnswer.$Shape} HoldingsAnswer
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        HoldingsAnswer.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.HoldingsAnswer();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.revision = value;
                        else
                            delete message.revision;
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.held = value;
                        else
                            delete message.held;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return HoldingsAnswer;
    })();

    oppu.ChunksAsk = (function() {

        /**
         * Properties of a ChunksAsk.
         * @typedef {Object} oppu.ChunksAsk.$Properties
         * @property {Array.<number>|null} [candidates] ChunksAsk candidates
         * @property {number|null} [count] ChunksAsk count
         * @property {number|null} [waitMs] ChunksAsk waitMs
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a ChunksAsk.
         * @memberof oppu
         * @interface IChunksAsk
         * @augments oppu.ChunksAsk.$Properties
         * @deprecated Use oppu.ChunksAsk.$Properties instead.
         */

        /**
         * Shape of a ChunksAsk.
         * @typedef {oppu.ChunksAsk.$Properties} oppu.ChunksAsk.$Shape
         */

        /**
         * Constructs a new ChunksAsk.
         * @memberof oppu
         * @classdesc Represents a ChunksAsk.
         * @constructor
         * @param {oppu.ChunksAsk.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const ChunksAsk = function (properties) {
            this.candidates = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * ChunksAsk candidates.
         * @member {Array.<number>} candidates
         * @memberof oppu.ChunksAsk
         * @instance
         */
        ChunksAsk.prototype.candidates = $util.emptyArray;

        /**
         * ChunksAsk count.
         * @member {number} count
         * @memberof oppu.ChunksAsk
         * @instance
         */
        ChunksAsk.prototype.count = 0;

        /**
         * ChunksAsk waitMs.
         * @member {number} waitMs
         * @memberof oppu.ChunksAsk
         * @instance
         */
        ChunksAsk.prototype.waitMs = 0;

        /**
         * Encodes the specified ChunksAsk message. Does not implicitly {@link oppu.ChunksAsk.verify|verify} messages.
         * @function encode
         * @memberof oppu.ChunksAsk
         * @static
         * @param {oppu.ChunksAsk.$Properties} message ChunksAsk message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        ChunksAsk.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.candidates != null && message.candidates.length)
                writer.uint32(/* id 1, wireType 2 =*/10).uint32s(message.candidates);
            if (message.count != null && $Object.hasOwnProperty.call(message, "count") && message.count !== 0)
                writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.count);
            if (message.waitMs != null && $Object.hasOwnProperty.call(message, "waitMs") && message.waitMs !== 0)
                writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.waitMs);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a ChunksAsk message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.ChunksAsk
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.ChunksAsk & oppu.ChunksAsk.$Shape} ChunksAsk
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        ChunksAsk.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.ChunksAsk();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType === 2) {
                            if (!(message.candidates && message.candidates.length))
                                message.candidates = [];
                            reader.uint32s(message.candidates);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.candidates && message.candidates.length))
                            message.candidates = [];
                        message.candidates.push(reader.uint32());
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.count = value;
                        else
                            delete message.count;
                        continue;
                    }
                case 3: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.waitMs = value;
                        else
                            delete message.waitMs;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ChunksAsk;
    })();

    oppu.ChunksAnswer = (function() {

        /**
         * Properties of a ChunksAnswer.
         * @typedef {Object} oppu.ChunksAnswer.$Properties
         * @property {Array.<number>|null} [chunks] ChunksAnswer chunks
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a ChunksAnswer.
         * @memberof oppu
         * @interface IChunksAnswer
         * @augments oppu.ChunksAnswer.$Properties
         * @deprecated Use oppu.ChunksAnswer.$Properties instead.
         */

        /**
         * Shape of a ChunksAnswer.
         * @typedef {oppu.ChunksAnswer.$Properties} oppu.ChunksAnswer.$Shape
         */

        /**
         * Constructs a new ChunksAnswer.
         * @memberof oppu
         * @classdesc Represents a ChunksAnswer.
         * @constructor
         * @param {oppu.ChunksAnswer.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const ChunksAnswer = function (properties) {
            this.chunks = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * ChunksAnswer chunks.
         * @member {Array.<number>} chunks
         * @memberof oppu.ChunksAnswer
         * @instance
         */
        ChunksAnswer.prototype.chunks = $util.emptyArray;

        /**
         * Encodes the specified ChunksAnswer message. Does not implicitly {@link oppu.ChunksAnswer.verify|verify} messages.
         * @function encode
         * @memberof oppu.ChunksAnswer
         * @static
         * @param {oppu.ChunksAnswer.$Properties} message ChunksAnswer message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        ChunksAnswer.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.chunks != null && message.chunks.length)
                writer.uint32(/* id 1, wireType 2 =*/10).uint32s(message.chunks);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a ChunksAnswer message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.ChunksAnswer
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.ChunksAnswer & oppu.ChunksAnswer.$Shape} ChunksAnswer
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        ChunksAnswer.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.ChunksAnswer();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType === 2) {
                            if (!(message.chunks && message.chunks.length))
                                message.chunks = [];
                            reader.uint32s(message.chunks);
                            continue;
                        }
                        if (wireType !== 0)
                            break;
                        if (!(message.chunks && message.chunks.length))
                            message.chunks = [];
                        message.chunks.push(reader.uint32());
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ChunksAnswer;
    })();

    oppu.ListRequest = (function() {

        /**
         * Properties of a ListRequest.
         * @typedef {Object} oppu.ListRequest.$Properties
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a ListRequest.
         * @memberof oppu
         * @interface IListRequest
         * @augments oppu.ListRequest.$Properties
         * @deprecated Use oppu.ListRequest.$Properties instead.
         */

        /**
         * Shape of a ListRequest.
         * @typedef {oppu.ListRequest.$Properties} oppu.ListRequest.$Shape
         */

        /**
         * Constructs a new ListRequest.
         * @memberof oppu
         * @classdesc Represents a ListRequest.
         * @constructor
         * @param {oppu.ListRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const ListRequest = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Encodes the specified ListRequest message. Does not implicitly {@link oppu.ListRequest.verify|verify} messages.
         * @function encode
         * @memberof oppu.ListRequest
         * @static
         * @param {oppu.ListRequest.$Properties} message ListRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        ListRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a ListRequest message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.ListRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.ListRequest & oppu.ListRequest.$Shape} ListRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        ListRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.ListRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                reader.skipType(tag & 7, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ListRequest;
    })();

    oppu.IdRequest = (function() {

        /**
         * Properties of an IdRequest.
         * @typedef {Object} oppu.IdRequest.$Properties
         * @property {Uint8Array|null} [id] IdRequest id
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an IdRequest.
         * @memberof oppu
         * @interface IIdRequest
         * @augments oppu.IdRequest.$Properties
         * @deprecated Use oppu.IdRequest.$Properties instead.
         */

        /**
         * Shape of an IdRequest.
         * @typedef {oppu.IdRequest.$Properties} oppu.IdRequest.$Shape
         */

        /**
         * Constructs a new IdRequest.
         * @memberof oppu
         * @classdesc Represents an IdRequest.
         * @constructor
         * @param {oppu.IdRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const IdRequest = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * IdRequest id.
         * @member {Uint8Array} id
         * @memberof oppu.IdRequest
         * @instance
         */
        IdRequest.prototype.id = $util.newBuffer([]);

        /**
         * Encodes the specified IdRequest message. Does not implicitly {@link oppu.IdRequest.verify|verify} messages.
         * @function encode
         * @memberof oppu.IdRequest
         * @static
         * @param {oppu.IdRequest.$Properties} message IdRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        IdRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id.length)
                writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.id);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes an IdRequest message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.IdRequest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.IdRequest & oppu.IdRequest.$Shape} IdRequest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        IdRequest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.IdRequest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if ((value = reader.bytes()).length)
                            message.id = value;
                        else
                            delete message.id;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return IdRequest;
    })();

    oppu.Announcement = (function() {

        /**
         * Properties of an Announcement.
         * @typedef {Object} oppu.Announcement.$Properties
         * @property {Array.<Uint8Array>|null} [baseIds] Announcement baseIds
         * @property {Array.<string>|null} [addresses] Announcement addresses
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an Announcement.
         * @memberof oppu
         * @interface IAnnouncement
         * @augments oppu.Announcement.$Properties
         * @deprecated Use oppu.Announcement.$Properties instead.
         */

        /**
         * Shape of an Announcement.
         * @typedef {oppu.Announcement.$Properties} oppu.Announcement.$Shape
         */

        /**
         * Constructs a new Announcement.
         * @memberof oppu
         * @classdesc Represents an Announcement.
         * @constructor
         * @param {oppu.Announcement.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Announcement = function (properties) {
            this.baseIds = [];
            this.addresses = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Announcement baseIds.
         * @member {Array.<Uint8Array>} baseIds
         * @memberof oppu.Announcement
         * @instance
         */
        Announcement.prototype.baseIds = $util.emptyArray;

        /**
         * Announcement addresses.
         * @member {Array.<string>} addresses
         * @memberof oppu.Announcement
         * @instance
         */
        Announcement.prototype.addresses = $util.emptyArray;

        /**
         * Encodes the specified Announcement message. Does not implicitly {@link oppu.Announcement.verify|verify} messages.
         * @function encode
         * @memberof oppu.Announcement
         * @static
         * @param {oppu.Announcement.$Properties} message Announcement message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Announcement.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.baseIds != null && message.baseIds.length)
                for (let i = 0; i < message.baseIds.length; ++i)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.baseIds[i]);
            if (message.addresses != null && message.addresses.length)
                for (let i = 0; i < message.addresses.length; ++i)
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.addresses[i]);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes an Announcement message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.Announcement
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.Announcement & oppu.Announcement.$Shape} Announcement
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Announcement.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.Announcement();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.baseIds && message.baseIds.length))
                            message.baseIds = [];
                        message.baseIds.push(reader.bytes());
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        if (!(message.addresses && message.addresses.length))
                            message.addresses = [];
                        message.addresses.push(reader.stringVerify());
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Announcement;
    })();

    oppu.IdList = (function() {

        /**
         * Properties of an IdList.
         * @typedef {Object} oppu.IdList.$Properties
         * @property {Array.<Uint8Array>|null} [ids] IdList ids
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an IdList.
         * @memberof oppu
         * @interface IIdList
         * @augments oppu.IdList.$Properties
         * @deprecated Use oppu.IdList.$Properties instead.
         */

        /**
         * Shape of an IdList.
         * @typedef {oppu.IdList.$Properties} oppu.IdList.$Shape
         */

        /**
         * Constructs a new IdList.
         * @memberof oppu
         * @classdesc Represents an IdList.
         * @constructor
         * @param {oppu.IdList.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const IdList = function (properties) {
            this.ids = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * IdList ids.
         * @member {Array.<Uint8Array>} ids
         * @memberof oppu.IdList
         * @instance
         */
        IdList.prototype.ids = $util.emptyArray;

        /**
         * Encodes the specified IdList message. Does not implicitly {@link oppu.IdList.verify|verify} messages.
         * @function encode
         * @memberof oppu.IdList
         * @static
         * @param {oppu.IdList.$Properties} message IdList message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        IdList.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.ids != null && message.ids.length)
                for (let i = 0; i < message.ids.length; ++i)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.ids[i]);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes an IdList message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.IdList
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.IdList & oppu.IdList.$Shape} IdList
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        IdList.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.IdList();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.ids && message.ids.length))
                            message.ids = [];
                        message.ids.push(reader.bytes());
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return IdList;
    })();

    oppu.PublishedManifest = (function() {

        /**
         * Properties of a PublishedManifest.
         * @typedef {Object} oppu.PublishedManifest.$Properties
         * @property {oppu.SignedBytes.$Properties|null} [manifest] PublishedManifest manifest
         * @property {oppu.SignedBytes.$Properties|null} [licence] PublishedManifest licence
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a PublishedManifest.
         * @memberof oppu
         * @interface IPublishedManifest
         * @augments oppu.PublishedManifest.$Properties
         * @deprecated Use oppu.PublishedManifest.$Properties instead.
         */

        /**
         * Shape of a PublishedManifest.
         * @typedef {oppu.PublishedManifest.$Properties} oppu.PublishedManifest.$Shape
         */

        /**
         * Constructs a new PublishedManifest.
         * @memberof oppu
         * @classdesc Represents a PublishedManifest.
         * @constructor
         * @param {oppu.PublishedManifest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const PublishedManifest = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * PublishedManifest manifest.
         * @member {oppu.SignedBytes.$Properties|null|undefined} manifest
         * @memberof oppu.PublishedManifest
         * @instance
         */
        PublishedManifest.prototype.manifest = null;

        /**
         * PublishedManifest licence.
         * @member {oppu.SignedBytes.$Properties|null|undefined} licence
         * @memberof oppu.PublishedManifest
         * @instance
         */
        PublishedManifest.prototype.licence = null;

        /**
         * Encodes the specified PublishedManifest message. Does not implicitly {@link oppu.PublishedManifest.verify|verify} messages.
         * @function encode
         * @memberof oppu.PublishedManifest
         * @static
         * @param {oppu.PublishedManifest.$Properties} message PublishedManifest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        PublishedManifest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.manifest != null && $Object.hasOwnProperty.call(message, "manifest"))
                $root.oppu.SignedBytes.encode(message.manifest, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.licence != null && $Object.hasOwnProperty.call(message, "licence"))
                $root.oppu.SignedBytes.encode(message.licence, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a PublishedManifest message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.PublishedManifest
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.PublishedManifest & oppu.PublishedManifest.$Shape} PublishedManifest
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        PublishedManifest.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.PublishedManifest();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        message.manifest = $root.oppu.SignedBytes.decode(reader, reader.size(), $undefined, _depth + 1, message.manifest);
                        continue;
                    }
                case 2: {
                        if (wireType !== 2)
                            break;
                        message.licence = $root.oppu.SignedBytes.decode(reader, reader.size(), $undefined, _depth + 1, message.licence);
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return PublishedManifest;
    })();

    oppu.ReleaseList = (function() {

        /**
         * Properties of a ReleaseList.
         * @typedef {Object} oppu.ReleaseList.$Properties
         * @property {Array.<oppu.SignedBytes.$Properties>|null} [releases] ReleaseList releases
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a ReleaseList.
         * @memberof oppu
         * @interface IReleaseList
         * @augments oppu.ReleaseList.$Properties
         * @deprecated Use oppu.ReleaseList.$Properties instead.
         */

        /**
         * Shape of a ReleaseList.
         * @typedef {oppu.ReleaseList.$Properties} oppu.ReleaseList.$Shape
         */

        /**
         * Constructs a new ReleaseList.
         * @memberof oppu
         * @classdesc Represents a ReleaseList.
         * @constructor
         * @param {oppu.ReleaseList.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const ReleaseList = function (properties) {
            this.releases = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * ReleaseList releases.
         * @member {Array.<oppu.SignedBytes.$Properties>} releases
         * @memberof oppu.ReleaseList
         * @instance
         */
        ReleaseList.prototype.releases = $util.emptyArray;

        /**
         * Encodes the specified ReleaseList message. Does not implicitly {@link oppu.ReleaseList.verify|verify} messages.
         * @function encode
         * @memberof oppu.ReleaseList
         * @static
         * @param {oppu.ReleaseList.$Properties} message ReleaseList message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        ReleaseList.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.releases != null && message.releases.length)
                for (let i = 0; i < message.releases.length; ++i)
                    $root.oppu.SignedBytes.encode(message.releases[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a ReleaseList message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.ReleaseList
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.ReleaseList & oppu.ReleaseList.$Shape} ReleaseList
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        ReleaseList.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.ReleaseList();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.releases && message.releases.length))
                            message.releases = [];
                        message.releases.push($root.oppu.SignedBytes.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ReleaseList;
    })();

    oppu.KeyList = (function() {

        /**
         * Properties of a KeyList.
         * @typedef {Object} oppu.KeyList.$Properties
         * @property {Array.<oppu.SignedBytes.$Properties>|null} [changes] KeyList changes
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a KeyList.
         * @memberof oppu
         * @interface IKeyList
         * @augments oppu.KeyList.$Properties
         * @deprecated Use oppu.KeyList.$Properties instead.
         */

        /**
         * Shape of a KeyList.
         * @typedef {oppu.KeyList.$Properties} oppu.KeyList.$Shape
         */

        /**
         * Constructs a new KeyList.
         * @memberof oppu
         * @classdesc Represents a KeyList.
         * @constructor
         * @param {oppu.KeyList.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const KeyList = function (properties) {
            this.changes = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * KeyList changes.
         * @member {Array.<oppu.SignedBytes.$Properties>} changes
         * @memberof oppu.KeyList
         * @instance
         */
        KeyList.prototype.changes = $util.emptyArray;

        /**
         * Encodes the specified KeyList message. Does not implicitly {@link oppu.KeyList.verify|verify} messages.
         * @function encode
         * @memberof oppu.KeyList
         * @static
         * @param {oppu.KeyList.$Properties} message KeyList message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        KeyList.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.changes != null && message.changes.length)
                for (let i = 0; i < message.changes.length; ++i)
                    $root.oppu.SignedBytes.encode(message.changes[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a KeyList message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.KeyList
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.KeyList & oppu.KeyList.$Shape} KeyList
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        KeyList.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.KeyList();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.changes && message.changes.length))
                            message.changes = [];
                        message.changes.push($root.oppu.SignedBytes.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return KeyList;
    })();

    oppu.MembersAsk = (function() {

        /**
         * Properties of a MembersAsk.
         * @typedef {Object} oppu.MembersAsk.$Properties
         * @property {number|Long|null} [serial] MembersAsk serial
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a MembersAsk.
         * @memberof oppu
         * @interface IMembersAsk
         * @augments oppu.MembersAsk.$Properties
         * @deprecated Use oppu.MembersAsk.$Properties instead.
         */

        /**
         * Shape of a MembersAsk.
         * @typedef {oppu.MembersAsk.$Properties} oppu.MembersAsk.$Shape
         */

        /**
         * Constructs a new MembersAsk.
         * @memberof oppu
         * @classdesc Represents a MembersAsk.
         * @constructor
         * @param {oppu.MembersAsk.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const MembersAsk = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * MembersAsk serial.
         * @member {number|Long} serial
         * @memberof oppu.MembersAsk
         * @instance
         */
        MembersAsk.prototype.serial = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        /**
         * Encodes the specified MembersAsk message. Does not implicitly {@link oppu.MembersAsk.verify|verify} messages.
         * @function encode
         * @memberof oppu.MembersAsk
         * @static
         * @param {oppu.MembersAsk.$Properties} message MembersAsk message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        MembersAsk.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.serial != null && $Object.hasOwnProperty.call(message, "serial") && (typeof message.serial === "object" ? message.serial.low || message.serial.high : message.serial !== 0))
                writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.serial);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a MembersAsk message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.MembersAsk
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.MembersAsk & oppu.MembersAsk.$Shape} MembersAsk
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        MembersAsk.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.MembersAsk();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.serial = value;
                        else
                            delete message.serial;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return MembersAsk;
    })();

    oppu.MemberList = (function() {

        /**
         * Properties of a MemberList.
         * @typedef {Object} oppu.MemberList.$Properties
         * @property {oppu.SignedBytes.$Properties|null} [members] MemberList members
         * @property {number|Long|null} [serial] MemberList serial
         * @property {Array.<oppu.SignedBytes.$Properties>|null} [keys] MemberList keys
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a MemberList.
         * @memberof oppu
         * @interface IMemberList
         * @augments oppu.MemberList.$Properties
         * @deprecated Use oppu.MemberList.$Properties instead.
         */

        /**
         * Shape of a MemberList.
         * @typedef {oppu.MemberList.$Properties} oppu.MemberList.$Shape
         */

        /**
         * Constructs a new MemberList.
         * @memberof oppu
         * @classdesc Represents a MemberList.
         * @constructor
         * @param {oppu.MemberList.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const MemberList = function (properties) {
            this.keys = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * MemberList members.
         * @member {oppu.SignedBytes.$Properties|null|undefined} members
         * @memberof oppu.MemberList
         * @instance
         */
        MemberList.prototype.members = null;

        /**
         * MemberList serial.
         * @member {number|Long} serial
         * @memberof oppu.MemberList
         * @instance
         */
        MemberList.prototype.serial = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

        /**
         * MemberList keys.
         * @member {Array.<oppu.SignedBytes.$Properties>} keys
         * @memberof oppu.MemberList
         * @instance
         */
        MemberList.prototype.keys = $util.emptyArray;

        /**
         * Encodes the specified MemberList message. Does not implicitly {@link oppu.MemberList.verify|verify} messages.
         * @function encode
         * @memberof oppu.MemberList
         * @static
         * @param {oppu.MemberList.$Properties} message MemberList message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        MemberList.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.members != null && $Object.hasOwnProperty.call(message, "members"))
                $root.oppu.SignedBytes.encode(message.members, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.serial != null && $Object.hasOwnProperty.call(message, "serial") && (typeof message.serial === "object" ? message.serial.low || message.serial.high : message.serial !== 0))
                writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.serial);
            if (message.keys != null && message.keys.length)
                for (let i = 0; i < message.keys.length; ++i)
                    $root.oppu.SignedBytes.encode(message.keys[i], writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a MemberList message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.MemberList
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.MemberList & oppu.MemberList.$Shape} MemberList
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        MemberList.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.MemberList();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        message.members = $root.oppu.SignedBytes.decode(reader, reader.size(), $undefined, _depth + 1, message.members);
                        continue;
                    }
                case 2: {
                        if (wireType !== 0)
                            break;
                        if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                            message.serial = value;
                        else
                            delete message.serial;
                        continue;
                    }
                case 3: {
                        if (wireType !== 2)
                            break;
                        if (!(message.keys && message.keys.length))
                            message.keys = [];
                        message.keys.push($root.oppu.SignedBytes.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return MemberList;
    })();

    oppu.TaskList = (function() {

        /**
         * Properties of a TaskList.
         * @typedef {Object} oppu.TaskList.$Properties
         * @property {Array.<oppu.SignedBytes.$Properties>|null} [tasks] TaskList tasks
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a TaskList.
         * @memberof oppu
         * @interface ITaskList
         * @augments oppu.TaskList.$Properties
         * @deprecated Use oppu.TaskList.$Properties instead.
         */

        /**
         * Shape of a TaskList.
         * @typedef {oppu.TaskList.$Properties} oppu.TaskList.$Shape
         */

        /**
         * Constructs a new TaskList.
         * @memberof oppu
         * @classdesc Represents a TaskList.
         * @constructor
         * @param {oppu.TaskList.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const TaskList = function (properties) {
            this.tasks = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * TaskList tasks.
         * @member {Array.<oppu.SignedBytes.$Properties>} tasks
         * @memberof oppu.TaskList
         * @instance
         */
        TaskList.prototype.tasks = $util.emptyArray;

        /**
         * Encodes the specified TaskList message. Does not implicitly {@link oppu.TaskList.verify|verify} messages.
         * @function encode
         * @memberof oppu.TaskList
         * @static
         * @param {oppu.TaskList.$Properties} message TaskList message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        TaskList.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.tasks != null && message.tasks.length)
                for (let i = 0; i < message.tasks.length; ++i)
                    $root.oppu.SignedBytes.encode(message.tasks[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a TaskList message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.TaskList
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.TaskList & oppu.TaskList.$Shape} TaskList
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        TaskList.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.TaskList();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.tasks && message.tasks.length))
                            message.tasks = [];
                        message.tasks.push($root.oppu.SignedBytes.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return TaskList;
    })();

    oppu.ProviderList = (function() {

        /**
         * Properties of a ProviderList.
         * @typedef {Object} oppu.ProviderList.$Properties
         * @property {Array.<oppu.Provider.$Properties>|null} [providers] ProviderList providers
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a ProviderList.
         * @memberof oppu
         * @interface IProviderList
         * @augments oppu.ProviderList.$Properties
         * @deprecated Use oppu.ProviderList.$Properties instead.
         */

        /**
         * Shape of a ProviderList.
         * @typedef {oppu.ProviderList.$Properties} oppu.ProviderList.$Shape
         */

        /**
         * Constructs a new ProviderList.
         * @memberof oppu
         * @classdesc Represents a ProviderList.
         * @constructor
         * @param {oppu.ProviderList.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const ProviderList = function (properties) {
            this.providers = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * ProviderList providers.
         * @member {Array.<oppu.Provider.$Properties>} providers
         * @memberof oppu.ProviderList
         * @instance
         */
        ProviderList.prototype.providers = $util.emptyArray;

        /**
         * Encodes the specified ProviderList message. Does not implicitly {@link oppu.ProviderList.verify|verify} messages.
         * @function encode
         * @memberof oppu.ProviderList
         * @static
         * @param {oppu.ProviderList.$Properties} message ProviderList message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        ProviderList.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.providers != null && message.providers.length)
                for (let i = 0; i < message.providers.length; ++i)
                    $root.oppu.Provider.encode(message.providers[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a ProviderList message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.ProviderList
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.ProviderList & oppu.ProviderList.$Shape} ProviderList
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        ProviderList.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.ProviderList();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.providers && message.providers.length))
                            message.providers = [];
                        message.providers.push($root.oppu.Provider.decode(reader, reader.size(), $undefined, _depth + 1));
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return ProviderList;
    })();

    oppu.Provider = (function() {

        /**
         * Properties of a Provider.
         * @typedef {Object} oppu.Provider.$Properties
         * @property {Array.<string>|null} [addresses] Provider addresses
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a Provider.
         * @memberof oppu
         * @interface IProvider
         * @augments oppu.Provider.$Properties
         * @deprecated Use oppu.Provider.$Properties instead.
         */

        /**
         * Shape of a Provider.
         * @typedef {oppu.Provider.$Properties} oppu.Provider.$Shape
         */

        /**
         * Constructs a new Provider.
         * @memberof oppu
         * @classdesc Represents a Provider.
         * @constructor
         * @param {oppu.Provider.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Provider = function (properties) {
            this.addresses = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Provider addresses.
         * @member {Array.<string>} addresses
         * @memberof oppu.Provider
         * @instance
         */
        Provider.prototype.addresses = $util.emptyArray;

        /**
         * Encodes the specified Provider message. Does not implicitly {@link oppu.Provider.verify|verify} messages.
         * @function encode
         * @memberof oppu.Provider
         * @static
         * @param {oppu.Provider.$Properties} message Provider message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Provider.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.addresses != null && message.addresses.length)
                for (let i = 0; i < message.addresses.length; ++i)
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.addresses[i]);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes a Provider message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.Provider
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.Provider & oppu.Provider.$Shape} Provider
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Provider.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.Provider();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 2)
                            break;
                        if (!(message.addresses && message.addresses.length))
                            message.addresses = [];
                        message.addresses.push(reader.stringVerify());
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Provider;
    })();

    oppu.Announced = (function() {

        /**
         * Properties of an Announced.
         * @typedef {Object} oppu.Announced.$Properties
         * @property {number|null} [expiresIn] Announced expiresIn
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an Announced.
         * @memberof oppu
         * @interface IAnnounced
         * @augments oppu.Announced.$Properties
         * @deprecated Use oppu.Announced.$Properties instead.
         */

        /**
         * Shape of an Announced.
         * @typedef {oppu.Announced.$Properties} oppu.Announced.$Shape
         */

        /**
         * Constructs a new Announced.
         * @memberof oppu
         * @classdesc Represents an Announced.
         * @constructor
         * @param {oppu.Announced.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Announced = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Announced expiresIn.
         * @member {number} expiresIn
         * @memberof oppu.Announced
         * @instance
         */
        Announced.prototype.expiresIn = 0;

        /**
         * Encodes the specified Announced message. Does not implicitly {@link oppu.Announced.verify|verify} messages.
         * @function encode
         * @memberof oppu.Announced
         * @static
         * @param {oppu.Announced.$Properties} message Announced message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Announced.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.expiresIn != null && $Object.hasOwnProperty.call(message, "expiresIn") && message.expiresIn !== 0)
                writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.expiresIn);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes an Announced message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.Announced
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.Announced & oppu.Announced.$Shape} Announced
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Announced.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message, value;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.Announced();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                let wireType = tag & 7;
                switch (tag >>>= 3) {
                case 1: {
                        if (wireType !== 0)
                            break;
                        if (value = reader.uint32())
                            message.expiresIn = value;
                        else
                            delete message.expiresIn;
                        continue;
                    }
                }
                reader.skipType(wireType, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Announced;
    })();

    oppu.Accepted = (function() {

        /**
         * Properties of an Accepted.
         * @typedef {Object} oppu.Accepted.$Properties
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an Accepted.
         * @memberof oppu
         * @interface IAccepted
         * @augments oppu.Accepted.$Properties
         * @deprecated Use oppu.Accepted.$Properties instead.
         */

        /**
         * Shape of an Accepted.
         * @typedef {oppu.Accepted.$Properties} oppu.Accepted.$Shape
         */

        /**
         * Constructs a new Accepted.
         * @memberof oppu
         * @classdesc Represents an Accepted.
         * @constructor
         * @param {oppu.Accepted.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const Accepted = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * Encodes the specified Accepted message. Does not implicitly {@link oppu.Accepted.verify|verify} messages.
         * @function encode
         * @memberof oppu.Accepted
         * @static
         * @param {oppu.Accepted.$Properties} message Accepted message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        Accepted.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        /**
         * Decodes an Accepted message from the specified reader or buffer.
         * @function decode
         * @memberof oppu.Accepted
         * @static
         * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
         * @param {number} [length] Message length if known beforehand
         * @returns {oppu.Accepted & oppu.Accepted.$Shape} Accepted
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        Accepted.decode = function (reader, length, _end, _depth, _target) {
            if (!(reader instanceof $Reader))
                reader = $Reader.create(reader);
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $Reader.recursionLimit)
                throw $Error("max depth exceeded");
            let end, message;
            if (length === $undefined)
                end = reader.len;
            else {
                end = reader.pos + length;
                if (end > reader.len)
                    throw $RangeError("index out of range");
                length = reader.len;
                reader.len = end;
            }
            message = _target || new $root.oppu.Accepted();
            while (reader.pos < end) {
                let start = reader.pos;
                let tag = reader.tag();
                if (tag === _end) {
                    _end = $undefined;
                    break;
                }
                reader.skipType(tag & 7, _depth, tag);
                if (!reader.discardUnknown) {
                    $util.makeProp(message, "$unknowns", false);
                    (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                }
            }
            if (length !== $undefined) {
                if (reader.pos !== end)
                    throw $RangeError("index out of range");
                reader.len = length;
            }
            if (_end !== $undefined)
                throw $Error("missing end group");
            return message;
        };

        return Accepted;
    })();

    return oppu;
})();

export {
  $root as default
};
