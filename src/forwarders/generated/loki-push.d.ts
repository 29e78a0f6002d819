import * as $protobuf from "protobufjs/minimal.js";
import Long = require("long");

/** Namespace logproto. */
export namespace logproto {

    /**
     * Properties of a PushRequest.
     * @deprecated Use logproto.PushRequest.$Properties instead.
     */
    interface IPushRequest extends logproto.PushRequest.$Properties {
    }

    /** Represents a PushRequest. */
    class PushRequest {

        /**
         * Constructs a new PushRequest.
         * @param [properties] Properties to set
         */
        constructor(properties?: logproto.PushRequest.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** PushRequest streams. */
        streams: logproto.StreamAdapter.$Properties[];

        /**
         * Encodes the specified PushRequest message. Does not implicitly {@link logproto.PushRequest.verify|verify} messages.
         * @param message PushRequest message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: logproto.PushRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
    }

    namespace PushRequest {

        /** Properties of a PushRequest. */
        interface $Properties {

            /** PushRequest streams */
            streams?: (logproto.StreamAdapter.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a PushRequest. */
        type $Shape = logproto.PushRequest.$Properties;
    }

    /**
     * Properties of a StreamAdapter.
     * @deprecated Use logproto.StreamAdapter.$Properties instead.
     */
    interface IStreamAdapter extends logproto.StreamAdapter.$Properties {
    }

    /** Represents a StreamAdapter. */
    class StreamAdapter {

        /**
         * Constructs a new StreamAdapter.
         * @param [properties] Properties to set
         */
        constructor(properties?: logproto.StreamAdapter.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** StreamAdapter labels. */
        labels: string;

        /** StreamAdapter entries. */
        entries: logproto.EntryAdapter.$Properties[];

        /**
         * Encodes the specified StreamAdapter message. Does not implicitly {@link logproto.StreamAdapter.verify|verify} messages.
         * @param message StreamAdapter message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: logproto.StreamAdapter.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
    }

    namespace StreamAdapter {

        /** Properties of a StreamAdapter. */
        interface $Properties {

            /** StreamAdapter labels */
            labels?: (string|null);

            /** StreamAdapter entries */
            entries?: (logproto.EntryAdapter.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a StreamAdapter. */
        type $Shape = logproto.StreamAdapter.$Properties;
    }

    /**
     * Properties of an EntryAdapter.
     * @deprecated Use logproto.EntryAdapter.$Properties instead.
     */
    interface IEntryAdapter extends logproto.EntryAdapter.$Properties {
    }

    /** Represents an EntryAdapter. */
    class EntryAdapter {

        /**
         * Constructs a new EntryAdapter.
         * @param [properties] Properties to set
         */
        constructor(properties?: logproto.EntryAdapter.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** EntryAdapter timestamp. */
        timestamp?: (google.protobuf.Timestamp.$Properties|null);

        /** EntryAdapter line. */
        line: string;

        /** EntryAdapter structuredMetadata. */
        structuredMetadata: logproto.LabelPairAdapter.$Properties[];

        /**
         * Encodes the specified EntryAdapter message. Does not implicitly {@link logproto.EntryAdapter.verify|verify} messages.
         * @param message EntryAdapter message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: logproto.EntryAdapter.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
    }

    namespace EntryAdapter {

        /** Properties of an EntryAdapter. */
        interface $Properties {

            /** EntryAdapter timestamp */
            timestamp?: (google.protobuf.Timestamp.$Properties|null);

            /** EntryAdapter line */
            line?: (string|null);

            /** EntryAdapter structuredMetadata */
            structuredMetadata?: (logproto.LabelPairAdapter.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an EntryAdapter. */
        type $Shape = logproto.EntryAdapter.$Properties;
    }

    /**
     * Properties of a LabelPairAdapter.
     * @deprecated Use logproto.LabelPairAdapter.$Properties instead.
     */
    interface ILabelPairAdapter extends logproto.LabelPairAdapter.$Properties {
    }

    /** Represents a LabelPairAdapter. */
    class LabelPairAdapter {

        /**
         * Constructs a new LabelPairAdapter.
         * @param [properties] Properties to set
         */
        constructor(properties?: logproto.LabelPairAdapter.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** LabelPairAdapter name. */
        name: string;

        /** LabelPairAdapter value. */
        value: string;

        /**
         * Encodes the specified LabelPairAdapter message. Does not implicitly {@link logproto.LabelPairAdapter.verify|verify} messages.
         * @param message LabelPairAdapter message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: logproto.LabelPairAdapter.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
    }

    namespace LabelPairAdapter {

        /** Properties of a LabelPairAdapter. */
        interface $Properties {

            /** LabelPairAdapter name */
            name?: (string|null);

            /** LabelPairAdapter value */
            value?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a LabelPairAdapter. */
        type $Shape = logproto.LabelPairAdapter.$Properties;
    }
}

/** Namespace google. */
export namespace google {

    /** Namespace protobuf. */
    namespace protobuf {

        /**
         * Properties of a Timestamp.
         * @deprecated Use google.protobuf.Timestamp.$Properties instead.
         */
        interface ITimestamp extends google.protobuf.Timestamp.$Properties {
        }

        /** Represents a Timestamp. */
        class Timestamp {

            /**
             * Constructs a new Timestamp.
             * @param [properties] Properties to set
             */
            constructor(properties?: google.protobuf.Timestamp.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Timestamp seconds. */
            seconds: number;

            /** Timestamp nanos. */
            nanos: number;

            /**
             * Encodes the specified Timestamp message. Does not implicitly {@link google.protobuf.Timestamp.verify|verify} messages.
             * @param message Timestamp message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: google.protobuf.Timestamp.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        }

        namespace Timestamp {

            /** Properties of a Timestamp. */
            interface $Properties {

                /** Timestamp seconds */
                seconds?: (number|null);

                /** Timestamp nanos */
                nanos?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Timestamp. */
            type $Shape = google.protobuf.Timestamp.$Properties;
        }
    }
}
