// Generated from proto/snapshot.proto by scripts/generate-proto.mjs. Do not edit.
import * as $protobuf from "protobufjs";
import Long = require("long");

/** Namespace vmft. */
export namespace vmft {

    /** Namespace snapshot. */
    namespace snapshot {

        /**
         * Properties of a Header.
         * @deprecated Use vmft.snapshot.Header.$Properties instead.
         */
        interface IHeader extends vmft.snapshot.Header.$Properties {
        }

        /** Represents a Header. */
        class Header {

            /**
             * Constructs a new Header.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.snapshot.Header.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Header accelerator. */
            accelerator: string;

            /** Header build. */
            build: string;

            /** Header guest. */
            guest: Uint8Array;

            /** Header realtimeMs. */
            realtimeMs: Long;

            /**
             * Encodes the specified Header message. Does not implicitly {@link vmft.snapshot.Header.verify|verify} messages.
             * @param message Header message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.snapshot.Header.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Header message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.snapshot.Header & vmft.snapshot.Header.$Shape} Header
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.snapshot.Header & vmft.snapshot.Header.$Shape;
        }

        namespace Header {

            /** Properties of a Header. */
            interface $Properties {

                /** Header accelerator */
                accelerator?: (string|null);

                /** Header build */
                build?: (string|null);

                /** Header guest */
                guest?: (Uint8Array|null);

                /** Header realtimeMs */
                realtimeMs?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Header. */
            type $Shape = vmft.snapshot.Header.$Properties;
        }

        /**
         * Properties of a Trailer.
         * @deprecated Use vmft.snapshot.Trailer.$Properties instead.
         */
        interface ITrailer extends vmft.snapshot.Trailer.$Properties {
        }

        /** Represents a Trailer. */
        class Trailer {

            /**
             * Constructs a new Trailer.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.snapshot.Trailer.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Trailer parts. */
            parts: Long;

            /** Trailer checksum. */
            checksum: Long;

            /** Trailer ticks. */
            ticks: Long;

            /** Trailer virtualNs. */
            virtualNs: Long;

            /** Trailer stateDigest. */
            stateDigest: Long;

            /** Trailer memoryDigest. */
            memoryDigest: Long;

            /**
             * Encodes the specified Trailer message. Does not implicitly {@link vmft.snapshot.Trailer.verify|verify} messages.
             * @param message Trailer message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.snapshot.Trailer.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Trailer message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.snapshot.Trailer & vmft.snapshot.Trailer.$Shape} Trailer
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.snapshot.Trailer & vmft.snapshot.Trailer.$Shape;
        }

        namespace Trailer {

            /** Properties of a Trailer. */
            interface $Properties {

                /** Trailer parts */
                parts?: (Long|null);

                /** Trailer checksum */
                checksum?: (Long|null);

                /** Trailer ticks */
                ticks?: (Long|null);

                /** Trailer virtualNs */
                virtualNs?: (Long|null);

                /** Trailer stateDigest */
                stateDigest?: (Long|null);

                /** Trailer memoryDigest */
                memoryDigest?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Trailer. */
            type $Shape = vmft.snapshot.Trailer.$Properties;
        }
    }
}
