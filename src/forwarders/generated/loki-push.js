import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error;

// Exported root namespace
const $root = $protobuf.roots["remora"] || ($protobuf.roots["remora"] = {});

export const logproto = $root.logproto = (() => {

    /**
     * Namespace logproto.
     * @exports logproto
     * @namespace
     */
    const logproto = {};

    logproto.PushRequest = (function() {

        /**
         * Properties of a PushRequest.
         * @typedef {Object} logproto.PushRequest.$Properties
         * @property {Array.<logproto.StreamAdapter.$Properties>|null} [streams] PushRequest streams
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a PushRequest.
         * @memberof logproto
         * @interface IPushRequest
         * @augments logproto.PushRequest.$Properties
         * @deprecated Use logproto.PushRequest.$Properties instead.
         */

        /**
         * Shape of a PushRequest.
         * @typedef {logproto.PushRequest.$Properties} logproto.PushRequest.$Shape
         */

        /**
         * Constructs a new PushRequest.
         * @memberof logproto
         * @classdesc Represents a PushRequest.
         * @constructor
         * @param {logproto.PushRequest.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const PushRequest = function (properties) {
            this.streams = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * PushRequest streams.
         * @member {Array.<logproto.StreamAdapter.$Properties>} streams
         * @memberof logproto.PushRequest
         * @instance
         */
        PushRequest.prototype.streams = $util.emptyArray;

        /**
         * Encodes the specified PushRequest message. Does not implicitly {@link logproto.PushRequest.verify|verify} messages.
         * @function encode
         * @memberof logproto.PushRequest
         * @static
         * @param {logproto.PushRequest.$Properties} message PushRequest message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        PushRequest.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.streams != null && message.streams.length)
                for (let i = 0; i < message.streams.length; ++i)
                    $root.logproto.StreamAdapter.encode(message.streams[i], writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        return PushRequest;
    })();

    logproto.StreamAdapter = (function() {

        /**
         * Properties of a StreamAdapter.
         * @typedef {Object} logproto.StreamAdapter.$Properties
         * @property {string|null} [labels] StreamAdapter labels
         * @property {Array.<logproto.EntryAdapter.$Properties>|null} [entries] StreamAdapter entries
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a StreamAdapter.
         * @memberof logproto
         * @interface IStreamAdapter
         * @augments logproto.StreamAdapter.$Properties
         * @deprecated Use logproto.StreamAdapter.$Properties instead.
         */

        /**
         * Shape of a StreamAdapter.
         * @typedef {logproto.StreamAdapter.$Properties} logproto.StreamAdapter.$Shape
         */

        /**
         * Constructs a new StreamAdapter.
         * @memberof logproto
         * @classdesc Represents a StreamAdapter.
         * @constructor
         * @param {logproto.StreamAdapter.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const StreamAdapter = function (properties) {
            this.entries = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * StreamAdapter labels.
         * @member {string} labels
         * @memberof logproto.StreamAdapter
         * @instance
         */
        StreamAdapter.prototype.labels = "";

        /**
         * StreamAdapter entries.
         * @member {Array.<logproto.EntryAdapter.$Properties>} entries
         * @memberof logproto.StreamAdapter
         * @instance
         */
        StreamAdapter.prototype.entries = $util.emptyArray;

        /**
         * Encodes the specified StreamAdapter message. Does not implicitly {@link logproto.StreamAdapter.verify|verify} messages.
         * @function encode
         * @memberof logproto.StreamAdapter
         * @static
         * @param {logproto.StreamAdapter.$Properties} message StreamAdapter message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        StreamAdapter.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.labels != null && $Object.hasOwnProperty.call(message, "labels") && message.labels !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.labels);
            if (message.entries != null && message.entries.length)
                for (let i = 0; i < message.entries.length; ++i)
                    $root.logproto.EntryAdapter.encode(message.entries[i], writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        return StreamAdapter;
    })();

    logproto.EntryAdapter = (function() {

        /**
         * Properties of an EntryAdapter.
         * @typedef {Object} logproto.EntryAdapter.$Properties
         * @property {google.protobuf.Timestamp.$Properties|null} [timestamp] EntryAdapter timestamp
         * @property {string|null} [line] EntryAdapter line
         * @property {Array.<logproto.LabelPairAdapter.$Properties>|null} [structuredMetadata] EntryAdapter structuredMetadata
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of an EntryAdapter.
         * @memberof logproto
         * @interface IEntryAdapter
         * @augments logproto.EntryAdapter.$Properties
         * @deprecated Use logproto.EntryAdapter.$Properties instead.
         */

        /**
         * Shape of an EntryAdapter.
         * @typedef {logproto.EntryAdapter.$Properties} logproto.EntryAdapter.$Shape
         */

        /**
         * Constructs a new EntryAdapter.
         * @memberof logproto
         * @classdesc Represents an EntryAdapter.
         * @constructor
         * @param {logproto.EntryAdapter.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const EntryAdapter = function (properties) {
            this.structuredMetadata = [];
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * EntryAdapter timestamp.
         * @member {google.protobuf.Timestamp.$Properties|null|undefined} timestamp
         * @memberof logproto.EntryAdapter
         * @instance
         */
        EntryAdapter.prototype.timestamp = null;

        /**
         * EntryAdapter line.
         * @member {string} line
         * @memberof logproto.EntryAdapter
         * @instance
         */
        EntryAdapter.prototype.line = "";

        /**
         * EntryAdapter structuredMetadata.
         * @member {Array.<logproto.LabelPairAdapter.$Properties>} structuredMetadata
         * @memberof logproto.EntryAdapter
         * @instance
         */
        EntryAdapter.prototype.structuredMetadata = $util.emptyArray;

        /**
         * Encodes the specified EntryAdapter message. Does not implicitly {@link logproto.EntryAdapter.verify|verify} messages.
         * @function encode
         * @memberof logproto.EntryAdapter
         * @static
         * @param {logproto.EntryAdapter.$Properties} message EntryAdapter message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        EntryAdapter.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.timestamp != null && $Object.hasOwnProperty.call(message, "timestamp"))
                $root.google.protobuf.Timestamp.encode(message.timestamp, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
            if (message.line != null && $Object.hasOwnProperty.call(message, "line") && message.line !== "")
                writer.uint32(/* id 2, wireType 2 =*/18).string(message.line);
            if (message.structuredMetadata != null && message.structuredMetadata.length)
                for (let i = 0; i < message.structuredMetadata.length; ++i)
                    $root.logproto.LabelPairAdapter.encode(message.structuredMetadata[i], writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        return EntryAdapter;
    })();

    logproto.LabelPairAdapter = (function() {

        /**
         * Properties of a LabelPairAdapter.
         * @typedef {Object} logproto.LabelPairAdapter.$Properties
         * @property {string|null} [name] LabelPairAdapter name
         * @property {string|null} [value] LabelPairAdapter value
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */

        /**
         * Properties of a LabelPairAdapter.
         * @memberof logproto
         * @interface ILabelPairAdapter
         * @augments logproto.LabelPairAdapter.$Properties
         * @deprecated Use logproto.LabelPairAdapter.$Properties instead.
         */

        /**
         * Shape of a LabelPairAdapter.
         * @typedef {logproto.LabelPairAdapter.$Properties} logproto.LabelPairAdapter.$Shape
         */

        /**
         * Constructs a new LabelPairAdapter.
         * @memberof logproto
         * @classdesc Represents a LabelPairAdapter.
         * @constructor
         * @param {logproto.LabelPairAdapter.$Properties=} [properties] Properties to set
         * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
         */
        const LabelPairAdapter = function (properties) {
            if (properties)
                for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                    if (properties[keys[i]] != null && keys[i] !== "__proto__")
                        this[keys[i]] = properties[keys[i]];
        };

        /**
         * LabelPairAdapter name.
         * @member {string} name
         * @memberof logproto.LabelPairAdapter
         * @instance
         */
        LabelPairAdapter.prototype.name = "";

        /**
         * LabelPairAdapter value.
         * @member {string} value
         * @memberof logproto.LabelPairAdapter
         * @instance
         */
        LabelPairAdapter.prototype.value = "";

        /**
         * Encodes the specified LabelPairAdapter message. Does not implicitly {@link logproto.LabelPairAdapter.verify|verify} messages.
         * @function encode
         * @memberof logproto.LabelPairAdapter
         * @static
         * @param {logproto.LabelPairAdapter.$Properties} message LabelPairAdapter message or plain object to encode
         * @param {$protobuf.Writer} [writer] Writer to encode to
         * @returns {$protobuf.Writer} Writer
         */
        LabelPairAdapter.encode = function (message, writer, _depth) {
            if (!writer)
                writer = $Writer.create();
            if (_depth === $undefined)
                _depth = 0;
            if (_depth > $util.recursionLimit)
                throw $Error("max depth exceeded");
            if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                writer.uint32(/* id 1, wireType 2 =*/10).string(message.name);
            if (message.value != null && $Object.hasOwnProperty.call(message, "value") && message.value !== "")
                writer.uint32(/* id 2, wireType 2 =*/18).string(message.value);
            if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                for (let i = 0; i < message.$unknowns.length; ++i)
                    writer.raw(message.$unknowns[i]);
            return writer;
        };

        return LabelPairAdapter;
    })();

    return logproto;
})();

export const google = $root.google = (() => {

    /**
     * Namespace google.
     * @exports google
     * @namespace
     */
    const google = {};

    google.protobuf = (function() {

        /**
         * Namespace protobuf.
         * @memberof google
         * @namespace
         */
        const protobuf = {};

        protobuf.Timestamp = (function() {

            /**
             * Properties of a Timestamp.
             * @typedef {Object} google.protobuf.Timestamp.$Properties
             * @property {number|null} [seconds] Timestamp seconds
             * @property {number|null} [nanos] Timestamp nanos
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Timestamp.
             * @memberof google.protobuf
             * @interface ITimestamp
             * @augments google.protobuf.Timestamp.$Properties
             * @deprecated Use google.protobuf.Timestamp.$Properties instead.
             */

            /**
             * Shape of a Timestamp.
             * @typedef {google.protobuf.Timestamp.$Properties} google.protobuf.Timestamp.$Shape
             */

            /**
             * Constructs a new Timestamp.
             * @memberof google.protobuf
             * @classdesc Represents a Timestamp.
             * @constructor
             * @param {google.protobuf.Timestamp.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Timestamp = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Timestamp seconds.
             * @member {number} seconds
             * @memberof google.protobuf.Timestamp
             * @instance
             */
            Timestamp.prototype.seconds = $util.Long ? $util.Long.fromBits(0,0,false) : 0;

            /**
             * Timestamp nanos.
             * @member {number} nanos
             * @memberof google.protobuf.Timestamp
             * @instance
             */
            Timestamp.prototype.nanos = 0;

            /**
             * Encodes the specified Timestamp message. Does not implicitly {@link google.protobuf.Timestamp.verify|verify} messages.
             * @function encode
             * @memberof google.protobuf.Timestamp
             * @static
             * @param {google.protobuf.Timestamp.$Properties} message Timestamp message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Timestamp.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.seconds != null && $Object.hasOwnProperty.call(message, "seconds") && (typeof message.seconds === "object" ? message.seconds.low || message.seconds.high : message.seconds !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).int64(message.seconds);
                if (message.nanos != null && $Object.hasOwnProperty.call(message, "nanos") && message.nanos !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).int32(message.nanos);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            return Timestamp;
        })();

        return protobuf;
    })();

    return google;
})();

export {
  $root as default
};
