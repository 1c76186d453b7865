// Generated from proto/log.proto by scripts/generate-proto.mjs. Do not edit.
import * as $protobuf from "protobufjs";
import Long = require("long");

/** Namespace vmft. */
export namespace vmft {

    /** Namespace log. */
    namespace log {

        /**
         * Properties of a Position.
         * @deprecated Use vmft.log.Position.$Properties instead.
         */
        interface IPosition extends vmft.log.Position.$Properties {
        }

        /** Represents a Position. */
        class Position {

            /**
             * Constructs a new Position.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.log.Position.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Position ticks. */
            ticks: Long;

            /** Position rip. */
            rip: Long;

            /** Position rcx. */
            rcx: Long;

            /** Position registers. */
            registers: Long;

            /** Position exits. */
            exits: Long;

            /**
             * Encodes the specified Position message. Does not implicitly {@link vmft.log.Position.verify|verify} messages.
             * @param message Position message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.log.Position.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Position message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.log.Position & vmft.log.Position.$Shape} Position
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.log.Position & vmft.log.Position.$Shape;
        }

        namespace Position {

            /** Properties of a Position. */
            interface $Properties {

                /** Position ticks */
                ticks?: (Long|null);

                /** Position rip */
                rip?: (Long|null);

                /** Position rcx */
                rcx?: (Long|null);

                /** Position registers */
                registers?: (Long|null);

                /** Position exits */
                exits?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Position. */
            type $Shape = vmft.log.Position.$Properties;
        }

        /**
         * Properties of a Record.
         * @deprecated Use vmft.log.Record.$Properties instead.
         */
        interface IRecord extends vmft.log.Record.$Properties {
        }

        /** Represents a Record. */
        class Record {

            /**
             * Constructs a new Record.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.log.Record.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Record position. */
            position?: (vmft.log.Position.$Properties|null);

            /** Record netFrame. */
            netFrame?: (vmft.log.NetFrame.$Properties|null);

            /** Record clock. */
            clock?: (vmft.log.Clock.$Properties|null);

            /** Record consoleBytes. */
            consoleBytes?: (vmft.log.ConsoleBytes.$Properties|null);

            /** Record entropy. */
            entropy?: (vmft.log.Entropy.$Properties|null);

            /** Record control. */
            control?: (vmft.log.Control.$Properties|null);

            /** Record diskCompletion. */
            diskCompletion?: (vmft.log.DiskCompletion.$Properties|null);

            /** Record input. */
            input?: ("netFrame"|"clock"|"consoleBytes"|"entropy"|"control"|"diskCompletion");

            /**
             * Encodes the specified Record message. Does not implicitly {@link vmft.log.Record.verify|verify} messages.
             * @param message Record message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.log.Record.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Record message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.log.Record & vmft.log.Record.$Shape} Record
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.log.Record & vmft.log.Record.$Shape;
        }

        namespace Record {

            /** Properties of a Record. */
            interface $Properties {

                /** Record position */
                position?: (vmft.log.Position.$Properties|null);

                /** Record netFrame */
                netFrame?: (vmft.log.NetFrame.$Properties|null);

                /** Record clock */
                clock?: (vmft.log.Clock.$Properties|null);

                /** Record consoleBytes */
                consoleBytes?: (vmft.log.ConsoleBytes.$Properties|null);

                /** Record entropy */
                entropy?: (vmft.log.Entropy.$Properties|null);

                /** Record control */
                control?: (vmft.log.Control.$Properties|null);

                /** Record diskCompletion */
                diskCompletion?: (vmft.log.DiskCompletion.$Properties|null);

                /** Record input */
                input?: ("netFrame"|"clock"|"consoleBytes"|"entropy"|"control"|"diskCompletion");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a Record. */
            type $Shape = {
              position?: vmft.log.Position.$Shape|null;
              netFrame?: vmft.log.NetFrame.$Shape|null;
              clock?: vmft.log.Clock.$Shape|null;
              consoleBytes?: vmft.log.ConsoleBytes.$Shape|null;
              entropy?: vmft.log.Entropy.$Shape|null;
              control?: vmft.log.Control.$Shape|null;
              diskCompletion?: vmft.log.DiskCompletion.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ input?: undefined; netFrame?: null; clock?: null; consoleBytes?: null; entropy?: null; control?: null; diskCompletion?: null }|{ input?: "netFrame"; netFrame: vmft.log.NetFrame.$Shape; clock?: null; consoleBytes?: null; entropy?: null; control?: null; diskCompletion?: null }|{ input?: "clock"; netFrame?: null; clock: vmft.log.Clock.$Shape; consoleBytes?: null; entropy?: null; control?: null; diskCompletion?: null }|{ input?: "consoleBytes"; netFrame?: null; clock?: null; consoleBytes: vmft.log.ConsoleBytes.$Shape; entropy?: null; control?: null; diskCompletion?: null }|{ input?: "entropy"; netFrame?: null; clock?: null; consoleBytes?: null; entropy: vmft.log.Entropy.$Shape; control?: null; diskCompletion?: null }|{ input?: "control"; netFrame?: null; clock?: null; consoleBytes?: null; entropy?: null; control: vmft.log.Control.$Shape; diskCompletion?: null }|{ input?: "diskCompletion"; netFrame?: null; clock?: null; consoleBytes?: null; entropy?: null; control?: null; diskCompletion: vmft.log.DiskCompletion.$Shape })
            );
        }

        /**
         * Properties of a NetFrame.
         * @deprecated Use vmft.log.NetFrame.$Properties instead.
         */
        interface INetFrame extends vmft.log.NetFrame.$Properties {
        }

        /** Represents a NetFrame. */
        class NetFrame {

            /**
             * Constructs a new NetFrame.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.log.NetFrame.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** NetFrame frame. */
            frame: Uint8Array;

            /**
             * Encodes the specified NetFrame message. Does not implicitly {@link vmft.log.NetFrame.verify|verify} messages.
             * @param message NetFrame message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.log.NetFrame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a NetFrame message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.log.NetFrame & vmft.log.NetFrame.$Shape} NetFrame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.log.NetFrame & vmft.log.NetFrame.$Shape;
        }

        namespace NetFrame {

            /** Properties of a NetFrame. */
            interface $Properties {

                /** NetFrame frame */
                frame?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a NetFrame. */
            type $Shape = vmft.log.NetFrame.$Properties;
        }

        /**
         * Properties of a Clock.
         * @deprecated Use vmft.log.Clock.$Properties instead.
         */
        interface IClock extends vmft.log.Clock.$Properties {
        }

        /** Represents a Clock. */
        class Clock {

            /**
             * Constructs a new Clock.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.log.Clock.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Clock virtualNs. */
            virtualNs: Long;

            /** Clock picosecondsPerTick. */
            picosecondsPerTick: number;

            /** Clock realtimeNs. */
            realtimeNs: Long;

            /**
             * Encodes the specified Clock message. Does not implicitly {@link vmft.log.Clock.verify|verify} messages.
             * @param message Clock message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.log.Clock.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Clock message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.log.Clock & vmft.log.Clock.$Shape} Clock
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.log.Clock & vmft.log.Clock.$Shape;
        }

        namespace Clock {

            /** Properties of a Clock. */
            interface $Properties {

                /** Clock virtualNs */
                virtualNs?: (Long|null);

                /** Clock picosecondsPerTick */
                picosecondsPerTick?: (number|null);

                /** Clock realtimeNs */
                realtimeNs?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Clock. */
            type $Shape = vmft.log.Clock.$Properties;
        }

        /**
         * Properties of a ConsoleBytes.
         * @deprecated Use vmft.log.ConsoleBytes.$Properties instead.
         */
        interface IConsoleBytes extends vmft.log.ConsoleBytes.$Properties {
        }

        /** Represents a ConsoleBytes. */
        class ConsoleBytes {

            /**
             * Constructs a new ConsoleBytes.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.log.ConsoleBytes.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ConsoleBytes port. */
            port: number;

            /** ConsoleBytes data. */
            data: Uint8Array;

            /**
             * Encodes the specified ConsoleBytes message. Does not implicitly {@link vmft.log.ConsoleBytes.verify|verify} messages.
             * @param message ConsoleBytes message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.log.ConsoleBytes.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ConsoleBytes message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.log.ConsoleBytes & vmft.log.ConsoleBytes.$Shape} ConsoleBytes
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.log.ConsoleBytes & vmft.log.ConsoleBytes.$Shape;
        }

        namespace ConsoleBytes {

            /** Properties of a ConsoleBytes. */
            interface $Properties {

                /** ConsoleBytes port */
                port?: (number|null);

                /** ConsoleBytes data */
                data?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ConsoleBytes. */
            type $Shape = vmft.log.ConsoleBytes.$Properties;
        }

        /**
         * Properties of an Entropy.
         * @deprecated Use vmft.log.Entropy.$Properties instead.
         */
        interface IEntropy extends vmft.log.Entropy.$Properties {
        }

        /** Represents an Entropy. */
        class Entropy {

            /**
             * Constructs a new Entropy.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.log.Entropy.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Entropy data. */
            data: Uint8Array;

            /**
             * Encodes the specified Entropy message. Does not implicitly {@link vmft.log.Entropy.verify|verify} messages.
             * @param message Entropy message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.log.Entropy.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Entropy message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.log.Entropy & vmft.log.Entropy.$Shape} Entropy
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.log.Entropy & vmft.log.Entropy.$Shape;
        }

        namespace Entropy {

            /** Properties of an Entropy. */
            interface $Properties {

                /** Entropy data */
                data?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Entropy. */
            type $Shape = vmft.log.Entropy.$Properties;
        }

        /**
         * Properties of a DiskCompletion.
         * @deprecated Use vmft.log.DiskCompletion.$Properties instead.
         */
        interface IDiskCompletion extends vmft.log.DiskCompletion.$Properties {
        }

        /** Represents a DiskCompletion. */
        class DiskCompletion {

            /**
             * Constructs a new DiskCompletion.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.log.DiskCompletion.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** DiskCompletion disk. */
            disk: number;

            /** DiskCompletion request. */
            request: Long;

            /** DiskCompletion status. */
            status: vmft.log.DiskCompletion.Status;

            /** DiskCompletion data. */
            data: Uint8Array;

            /** DiskCompletion readOnBackup. */
            readOnBackup: boolean;

            /** DiskCompletion dataHash. */
            dataHash: Long;

            /**
             * Encodes the specified DiskCompletion message. Does not implicitly {@link vmft.log.DiskCompletion.verify|verify} messages.
             * @param message DiskCompletion message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.log.DiskCompletion.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a DiskCompletion message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.log.DiskCompletion & vmft.log.DiskCompletion.$Shape} DiskCompletion
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.log.DiskCompletion & vmft.log.DiskCompletion.$Shape;
        }

        namespace DiskCompletion {

            /** Properties of a DiskCompletion. */
            interface $Properties {

                /** DiskCompletion disk */
                disk?: (number|null);

                /** DiskCompletion request */
                request?: (Long|null);

                /** DiskCompletion status */
                status?: (vmft.log.DiskCompletion.Status|null);

                /** DiskCompletion data */
                data?: (Uint8Array|null);

                /** DiskCompletion readOnBackup */
                readOnBackup?: (boolean|null);

                /** DiskCompletion dataHash */
                dataHash?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a DiskCompletion. */
            type $Shape = vmft.log.DiskCompletion.$Properties;

            /** Status enum. */
            enum Status {

                /** OK value */
                OK = 0,

                /** IO_ERROR value */
                IO_ERROR = 1
            }
        }

        /**
         * Properties of a Control.
         * @deprecated Use vmft.log.Control.$Properties instead.
         */
        interface IControl extends vmft.log.Control.$Properties {
        }

        /** Represents a Control. */
        class Control {

            /**
             * Constructs a new Control.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.log.Control.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Control kind. */
            kind: vmft.log.Control.Kind;

            /** Control value. */
            value: number;

            /**
             * Encodes the specified Control message. Does not implicitly {@link vmft.log.Control.verify|verify} messages.
             * @param message Control message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.log.Control.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Control message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.log.Control & vmft.log.Control.$Shape} Control
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.log.Control & vmft.log.Control.$Shape;
        }

        namespace Control {

            /** Properties of a Control. */
            interface $Properties {

                /** Control kind */
                kind?: (vmft.log.Control.Kind|null);

                /** Control value */
                value?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Control. */
            type $Shape = vmft.log.Control.$Properties;

            /** Kind enum. */
            enum Kind {

                /** UNSPECIFIED value */
                UNSPECIFIED = 0,

                /** POWER_BUTTON value */
                POWER_BUTTON = 1,

                /** RESET value */
                RESET = 2,

                /** POWER_OFF value */
                POWER_OFF = 3,

                /** SNAPSHOT value */
                SNAPSHOT = 4,

                /** CPU_SHARE value */
                CPU_SHARE = 5
            }
        }

        /**
         * Properties of a Digest.
         * @deprecated Use vmft.log.Digest.$Properties instead.
         */
        interface IDigest extends vmft.log.Digest.$Properties {
        }

        /** Represents a Digest. */
        class Digest {

            /**
             * Constructs a new Digest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.log.Digest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Digest state. */
            state: Long;

            /** Digest memory. */
            memory: Long;

            /** Digest memoryPages. */
            memoryPages: number;

            /**
             * Encodes the specified Digest message. Does not implicitly {@link vmft.log.Digest.verify|verify} messages.
             * @param message Digest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.log.Digest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Digest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.log.Digest & vmft.log.Digest.$Shape} Digest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.log.Digest & vmft.log.Digest.$Shape;
        }

        namespace Digest {

            /** Properties of a Digest. */
            interface $Properties {

                /** Digest state */
                state?: (Long|null);

                /** Digest memory */
                memory?: (Long|null);

                /** Digest memoryPages */
                memoryPages?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Digest. */
            type $Shape = vmft.log.Digest.$Properties;
        }

        /**
         * Properties of a Segment.
         * @deprecated Use vmft.log.Segment.$Properties instead.
         */
        interface ISegment extends vmft.log.Segment.$Properties {
        }

        /** Represents a Segment. */
        class Segment {

            /**
             * Constructs a new Segment.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.log.Segment.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Segment generation. */
            generation: Long;

            /** Segment sequence. */
            sequence: Long;

            /** Segment records. */
            records: vmft.log.Record.$Properties[];

            /** Segment runUntil. */
            runUntil?: (vmft.log.Position.$Properties|null);

            /** Segment digest. */
            digest?: (vmft.log.Digest.$Properties|null);

            /** Segment outputsProduced. */
            outputsProduced: Long;

            /** Segment outputsReleased. */
            outputsReleased: Long;

            /**
             * Encodes the specified Segment message. Does not implicitly {@link vmft.log.Segment.verify|verify} messages.
             * @param message Segment message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.log.Segment.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Segment message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.log.Segment & vmft.log.Segment.$Shape} Segment
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.log.Segment & vmft.log.Segment.$Shape;
        }

        namespace Segment {

            /** Properties of a Segment. */
            interface $Properties {

                /** Segment generation */
                generation?: (Long|null);

                /** Segment sequence */
                sequence?: (Long|null);

                /** Segment records */
                records?: (vmft.log.Record.$Properties[]|null);

                /** Segment runUntil */
                runUntil?: (vmft.log.Position.$Properties|null);

                /** Segment digest */
                digest?: (vmft.log.Digest.$Properties|null);

                /** Segment outputsProduced */
                outputsProduced?: (Long|null);

                /** Segment outputsReleased */
                outputsReleased?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Segment. */
            type $Shape = {
              generation?: Long|null;
              sequence?: Long|null;
              records?: vmft.log.Record.$Shape[]|null;
              runUntil?: vmft.log.Position.$Shape|null;
              digest?: vmft.log.Digest.$Shape|null;
              outputsProduced?: Long|null;
              outputsReleased?: Long|null;
              $unknowns?: Uint8Array[];
            };
        }

        /**
         * Properties of a Frame.
         * @deprecated Use vmft.log.Frame.$Properties instead.
         */
        interface IFrame extends vmft.log.Frame.$Properties {
        }

        /** Represents a Frame. */
        class Frame {

            /**
             * Constructs a new Frame.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.log.Frame.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Frame checksum. */
            checksum: Long;

            /** Frame segment. */
            segment: Uint8Array;

            /** Frame checkpoint. */
            checkpoint: Uint8Array;

            /**
             * Encodes the specified Frame message. Does not implicitly {@link vmft.log.Frame.verify|verify} messages.
             * @param message Frame message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.log.Frame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Frame message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.log.Frame & vmft.log.Frame.$Shape} Frame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.log.Frame & vmft.log.Frame.$Shape;
        }

        namespace Frame {

            /** Properties of a Frame. */
            interface $Properties {

                /** Frame checksum */
                checksum?: (Long|null);

                /** Frame segment */
                segment?: (Uint8Array|null);

                /** Frame checkpoint */
                checkpoint?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Frame. */
            type $Shape = vmft.log.Frame.$Properties;
        }

        /**
         * Properties of a CheckpointPart.
         * @deprecated Use vmft.log.CheckpointPart.$Properties instead.
         */
        interface ICheckpointPart extends vmft.log.CheckpointPart.$Properties {
        }

        /** Represents a CheckpointPart. */
        class CheckpointPart {

            /**
             * Constructs a new CheckpointPart.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.log.CheckpointPart.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** CheckpointPart generation. */
            generation: Long;

            /** CheckpointPart sequence. */
            sequence: Long;

            /** CheckpointPart epoch. */
            epoch: Long;

            /** CheckpointPart pages. */
            pages: Uint8Array;

            /** CheckpointPart state. */
            state: Uint8Array;

            /** CheckpointPart ticks. */
            ticks: Long;

            /** CheckpointPart virtualNs. */
            virtualNs: Long;

            /** CheckpointPart outputsProduced. */
            outputsProduced: Long;

            /** CheckpointPart outputsReleased. */
            outputsReleased: Long;

            /** CheckpointPart outputs. */
            outputs: Uint8Array;

            /** CheckpointPart changes. */
            changes: Uint8Array;

            /**
             * Encodes the specified CheckpointPart message. Does not implicitly {@link vmft.log.CheckpointPart.verify|verify} messages.
             * @param message CheckpointPart message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.log.CheckpointPart.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CheckpointPart message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.log.CheckpointPart & vmft.log.CheckpointPart.$Shape} CheckpointPart
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.log.CheckpointPart & vmft.log.CheckpointPart.$Shape;
        }

        namespace CheckpointPart {

            /** Properties of a CheckpointPart. */
            interface $Properties {

                /** CheckpointPart generation */
                generation?: (Long|null);

                /** CheckpointPart sequence */
                sequence?: (Long|null);

                /** CheckpointPart epoch */
                epoch?: (Long|null);

                /** CheckpointPart pages */
                pages?: (Uint8Array|null);

                /** CheckpointPart state */
                state?: (Uint8Array|null);

                /** CheckpointPart ticks */
                ticks?: (Long|null);

                /** CheckpointPart virtualNs */
                virtualNs?: (Long|null);

                /** CheckpointPart outputsProduced */
                outputsProduced?: (Long|null);

                /** CheckpointPart outputsReleased */
                outputsReleased?: (Long|null);

                /** CheckpointPart outputs */
                outputs?: (Uint8Array|null);

                /** CheckpointPart changes */
                changes?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CheckpointPart. */
            type $Shape = vmft.log.CheckpointPart.$Properties;
        }

        /**
         * Properties of a Header.
         * @deprecated Use vmft.log.Header.$Properties instead.
         */
        interface IHeader extends vmft.log.Header.$Properties {
        }

        /** Represents a Header. */
        class Header {

            /**
             * Constructs a new Header.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.log.Header.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Header magic. */
            magic: Long;

            /** Header version. */
            version: number;

            /** Header accelerator. */
            accelerator: string;

            /** Header build. */
            build: string;

            /** Header guest. */
            guest?: (vmft.log.GuestConfig.$Properties|null);

            /** Header checksum. */
            checksum: Long;

            /**
             * Encodes the specified Header message. Does not implicitly {@link vmft.log.Header.verify|verify} messages.
             * @param message Header message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.log.Header.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Header message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.log.Header & vmft.log.Header.$Shape} Header
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.log.Header & vmft.log.Header.$Shape;
        }

        namespace Header {

            /** Properties of a Header. */
            interface $Properties {

                /** Header magic */
                magic?: (Long|null);

                /** Header version */
                version?: (number|null);

                /** Header accelerator */
                accelerator?: (string|null);

                /** Header build */
                build?: (string|null);

                /** Header guest */
                guest?: (vmft.log.GuestConfig.$Properties|null);

                /** Header checksum */
                checksum?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Header. */
            type $Shape = vmft.log.Header.$Properties;
        }

        /**
         * Properties of a GuestConfig.
         * @deprecated Use vmft.log.GuestConfig.$Properties instead.
         */
        interface IGuestConfig extends vmft.log.GuestConfig.$Properties {
        }

        /** Represents a GuestConfig. */
        class GuestConfig {

            /**
             * Constructs a new GuestConfig.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.log.GuestConfig.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GuestConfig memoryBytes. */
            memoryBytes: Long;

            /** GuestConfig kernelPath. */
            kernelPath: string;

            /** GuestConfig kernelHash. */
            kernelHash: Long;

            /** GuestConfig initramfsPath. */
            initramfsPath: string;

            /** GuestConfig initramfsHash. */
            initramfsHash: Long;

            /** GuestConfig commandLine. */
            commandLine: string;

            /** GuestConfig mac. */
            mac: Uint8Array;

            /** GuestConfig randomSeed. */
            randomSeed: Uint8Array;

            /** GuestConfig realtimeNs. */
            realtimeNs: Long;

            /** GuestConfig cpu. */
            cpu?: (vmft.log.Cpu.$Properties|null);

            /** GuestConfig disks. */
            disks: vmft.log.GuestDisk.$Properties[];

            /**
             * Encodes the specified GuestConfig message. Does not implicitly {@link vmft.log.GuestConfig.verify|verify} messages.
             * @param message GuestConfig message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.log.GuestConfig.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GuestConfig message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.log.GuestConfig & vmft.log.GuestConfig.$Shape} GuestConfig
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.log.GuestConfig & vmft.log.GuestConfig.$Shape;
        }

        namespace GuestConfig {

            /** Properties of a GuestConfig. */
            interface $Properties {

                /** GuestConfig memoryBytes */
                memoryBytes?: (Long|null);

                /** GuestConfig kernelPath */
                kernelPath?: (string|null);

                /** GuestConfig kernelHash */
                kernelHash?: (Long|null);

                /** GuestConfig initramfsPath */
                initramfsPath?: (string|null);

                /** GuestConfig initramfsHash */
                initramfsHash?: (Long|null);

                /** GuestConfig commandLine */
                commandLine?: (string|null);

                /** GuestConfig mac */
                mac?: (Uint8Array|null);

                /** GuestConfig randomSeed */
                randomSeed?: (Uint8Array|null);

                /** GuestConfig realtimeNs */
                realtimeNs?: (Long|null);

                /** GuestConfig cpu */
                cpu?: (vmft.log.Cpu.$Properties|null);

                /** GuestConfig disks */
                disks?: (vmft.log.GuestDisk.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GuestConfig. */
            type $Shape = vmft.log.GuestConfig.$Properties;
        }

        /**
         * Properties of a GuestDisk.
         * @deprecated Use vmft.log.GuestDisk.$Properties instead.
         */
        interface IGuestDisk extends vmft.log.GuestDisk.$Properties {
        }

        /** Represents a GuestDisk. */
        class GuestDisk {

            /**
             * Constructs a new GuestDisk.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.log.GuestDisk.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GuestDisk capacityBytes. */
            capacityBytes: Long;

            /** GuestDisk blockBytes. */
            blockBytes: number;

            /** GuestDisk private. */
            private: boolean;

            /** GuestDisk readOnly. */
            readOnly: boolean;

            /** GuestDisk readsOnBackup. */
            readsOnBackup: boolean;

            /** GuestDisk serial. */
            serial: string;

            /** GuestDisk url. */
            url: string;

            /** GuestDisk uuid. */
            uuid: string;

            /**
             * Encodes the specified GuestDisk message. Does not implicitly {@link vmft.log.GuestDisk.verify|verify} messages.
             * @param message GuestDisk message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.log.GuestDisk.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GuestDisk message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.log.GuestDisk & vmft.log.GuestDisk.$Shape} GuestDisk
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.log.GuestDisk & vmft.log.GuestDisk.$Shape;
        }

        namespace GuestDisk {

            /** Properties of a GuestDisk. */
            interface $Properties {

                /** GuestDisk capacityBytes */
                capacityBytes?: (Long|null);

                /** GuestDisk blockBytes */
                blockBytes?: (number|null);

                /** GuestDisk private */
                "private"?: (boolean|null);

                /** GuestDisk readOnly */
                readOnly?: (boolean|null);

                /** GuestDisk readsOnBackup */
                readsOnBackup?: (boolean|null);

                /** GuestDisk serial */
                serial?: (string|null);

                /** GuestDisk url */
                url?: (string|null);

                /** GuestDisk uuid */
                uuid?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GuestDisk. */
            type $Shape = vmft.log.GuestDisk.$Properties;
        }

        /**
         * Properties of a Cpu.
         * @deprecated Use vmft.log.Cpu.$Properties instead.
         */
        interface ICpu extends vmft.log.Cpu.$Properties {
        }

        /** Represents a Cpu. */
        class Cpu {

            /**
             * Constructs a new Cpu.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.log.Cpu.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Cpu vendor. */
            vendor: string;

            /** Cpu signature. */
            signature: number;

            /** Cpu leaves. */
            leaves: vmft.log.CpuidLeaf.$Properties[];

            /**
             * Encodes the specified Cpu message. Does not implicitly {@link vmft.log.Cpu.verify|verify} messages.
             * @param message Cpu message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.log.Cpu.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Cpu message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.log.Cpu & vmft.log.Cpu.$Shape} Cpu
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.log.Cpu & vmft.log.Cpu.$Shape;
        }

        namespace Cpu {

            /** Properties of a Cpu. */
            interface $Properties {

                /** Cpu vendor */
                vendor?: (string|null);

                /** Cpu signature */
                signature?: (number|null);

                /** Cpu leaves */
                leaves?: (vmft.log.CpuidLeaf.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Cpu. */
            type $Shape = vmft.log.Cpu.$Properties;
        }

        /**
         * Properties of a CpuidLeaf.
         * @deprecated Use vmft.log.CpuidLeaf.$Properties instead.
         */
        interface ICpuidLeaf extends vmft.log.CpuidLeaf.$Properties {
        }

        /** Represents a CpuidLeaf. */
        class CpuidLeaf {

            /**
             * Constructs a new CpuidLeaf.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.log.CpuidLeaf.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** CpuidLeaf function. */
            function: number;

            /** CpuidLeaf index. */
            index: number;

            /** CpuidLeaf indexed. */
            indexed: boolean;

            /** CpuidLeaf eax. */
            eax: number;

            /** CpuidLeaf ebx. */
            ebx: number;

            /** CpuidLeaf ecx. */
            ecx: number;

            /** CpuidLeaf edx. */
            edx: number;

            /**
             * Encodes the specified CpuidLeaf message. Does not implicitly {@link vmft.log.CpuidLeaf.verify|verify} messages.
             * @param message CpuidLeaf message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.log.CpuidLeaf.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CpuidLeaf message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.log.CpuidLeaf & vmft.log.CpuidLeaf.$Shape} CpuidLeaf
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.log.CpuidLeaf & vmft.log.CpuidLeaf.$Shape;
        }

        namespace CpuidLeaf {

            /** Properties of a CpuidLeaf. */
            interface $Properties {

                /** CpuidLeaf function */
                "function"?: (number|null);

                /** CpuidLeaf index */
                index?: (number|null);

                /** CpuidLeaf indexed */
                indexed?: (boolean|null);

                /** CpuidLeaf eax */
                eax?: (number|null);

                /** CpuidLeaf ebx */
                ebx?: (number|null);

                /** CpuidLeaf ecx */
                ecx?: (number|null);

                /** CpuidLeaf edx */
                edx?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CpuidLeaf. */
            type $Shape = vmft.log.CpuidLeaf.$Properties;
        }

        /**
         * Properties of a Trailer.
         * @deprecated Use vmft.log.Trailer.$Properties instead.
         */
        interface ITrailer extends vmft.log.Trailer.$Properties {
        }

        /** Represents a Trailer. */
        class Trailer {

            /**
             * Constructs a new Trailer.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.log.Trailer.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Trailer segments. */
            segments: Long;

            /** Trailer endReason. */
            endReason: string;

            /** Trailer checksum. */
            checksum: Long;

            /**
             * Encodes the specified Trailer message. Does not implicitly {@link vmft.log.Trailer.verify|verify} messages.
             * @param message Trailer message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.log.Trailer.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Trailer message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.log.Trailer & vmft.log.Trailer.$Shape} Trailer
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.log.Trailer & vmft.log.Trailer.$Shape;
        }

        namespace Trailer {

            /** Properties of a Trailer. */
            interface $Properties {

                /** Trailer segments */
                segments?: (Long|null);

                /** Trailer endReason */
                endReason?: (string|null);

                /** Trailer checksum */
                checksum?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Trailer. */
            type $Shape = vmft.log.Trailer.$Properties;
        }
    }
}
