// Generated from proto/channel.proto by scripts/generate-proto.mjs. Do not edit.
import * as $protobuf from "protobufjs";
import Long = require("long");

/** Namespace vmft. */
export namespace vmft {

    /** Namespace channel. */
    namespace channel {

        /**
         * Properties of a FromBackup.
         * @deprecated Use vmft.channel.FromBackup.$Properties instead.
         */
        interface IFromBackup extends vmft.channel.FromBackup.$Properties {
        }

        /** Represents a FromBackup. */
        class FromBackup {

            /**
             * Constructs a new FromBackup.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.channel.FromBackup.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** FromBackup hello. */
            hello?: (vmft.channel.Hello.$Properties|null);

            /** FromBackup stateReady. */
            stateReady?: (vmft.channel.StateReady.$Properties|null);

            /** FromBackup ack. */
            ack?: (vmft.channel.Ack.$Properties|null);

            /** FromBackup progress. */
            progress?: (vmft.channel.Progress.$Properties|null);

            /** FromBackup divergence. */
            divergence?: (vmft.channel.Divergence.$Properties|null);

            /** FromBackup declined. */
            declined?: (vmft.channel.Declined.$Properties|null);

            /** FromBackup prepared. */
            prepared?: (vmft.channel.Prepared.$Properties|null);

            /** FromBackup copyProgress. */
            copyProgress?: (vmft.channel.CopyProgress.$Properties|null);

            /** FromBackup takenOver. */
            takenOver?: (vmft.channel.TakenOver.$Properties|null);

            /** FromBackup message. */
            message?: ("hello"|"stateReady"|"ack"|"progress"|"divergence"|"declined"|"prepared"|"copyProgress"|"takenOver");

            /**
             * Encodes the specified FromBackup message. Does not implicitly {@link vmft.channel.FromBackup.verify|verify} messages.
             * @param message FromBackup message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.channel.FromBackup.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a FromBackup message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.channel.FromBackup & vmft.channel.FromBackup.$Shape} FromBackup
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.channel.FromBackup & vmft.channel.FromBackup.$Shape;
        }

        namespace FromBackup {

            /** Properties of a FromBackup. */
            interface $Properties {

                /** FromBackup hello */
                hello?: (vmft.channel.Hello.$Properties|null);

                /** FromBackup stateReady */
                stateReady?: (vmft.channel.StateReady.$Properties|null);

                /** FromBackup ack */
                ack?: (vmft.channel.Ack.$Properties|null);

                /** FromBackup progress */
                progress?: (vmft.channel.Progress.$Properties|null);

                /** FromBackup divergence */
                divergence?: (vmft.channel.Divergence.$Properties|null);

                /** FromBackup declined */
                declined?: (vmft.channel.Declined.$Properties|null);

                /** FromBackup prepared */
                prepared?: (vmft.channel.Prepared.$Properties|null);

                /** FromBackup copyProgress */
                copyProgress?: (vmft.channel.CopyProgress.$Properties|null);

                /** FromBackup takenOver */
                takenOver?: (vmft.channel.TakenOver.$Properties|null);

                /** FromBackup message */
                message?: ("hello"|"stateReady"|"ack"|"progress"|"divergence"|"declined"|"prepared"|"copyProgress"|"takenOver");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a FromBackup. */
            type $Shape = {
              hello?: vmft.channel.Hello.$Shape|null;
              stateReady?: vmft.channel.StateReady.$Shape|null;
              ack?: vmft.channel.Ack.$Shape|null;
              progress?: vmft.channel.Progress.$Shape|null;
              divergence?: vmft.channel.Divergence.$Shape|null;
              declined?: vmft.channel.Declined.$Shape|null;
              prepared?: vmft.channel.Prepared.$Shape|null;
              copyProgress?: vmft.channel.CopyProgress.$Shape|null;
              takenOver?: vmft.channel.TakenOver.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ message?: undefined; hello?: null; stateReady?: null; ack?: null; progress?: null; divergence?: null; declined?: null; prepared?: null; copyProgress?: null; takenOver?: null }|{ message?: "hello"; hello: vmft.channel.Hello.$Shape; stateReady?: null; ack?: null; progress?: null; divergence?: null; declined?: null; prepared?: null; copyProgress?: null; takenOver?: null }|{ message?: "stateReady"; hello?: null; stateReady: vmft.channel.StateReady.$Shape; ack?: null; progress?: null; divergence?: null; declined?: null; prepared?: null; copyProgress?: null; takenOver?: null }|{ message?: "ack"; hello?: null; stateReady?: null; ack: vmft.channel.Ack.$Shape; progress?: null; divergence?: null; declined?: null; prepared?: null; copyProgress?: null; takenOver?: null }|{ message?: "progress"; hello?: null; stateReady?: null; ack?: null; progress: vmft.channel.Progress.$Shape; divergence?: null; declined?: null; prepared?: null; copyProgress?: null; takenOver?: null }|{ message?: "divergence"; hello?: null; stateReady?: null; ack?: null; progress?: null; divergence: vmft.channel.Divergence.$Shape; declined?: null; prepared?: null; copyProgress?: null; takenOver?: null }|{ message?: "declined"; hello?: null; stateReady?: null; ack?: null; progress?: null; divergence?: null; declined: vmft.channel.Declined.$Shape; prepared?: null; copyProgress?: null; takenOver?: null }|{ message?: "prepared"; hello?: null; stateReady?: null; ack?: null; progress?: null; divergence?: null; declined?: null; prepared: vmft.channel.Prepared.$Shape; copyProgress?: null; takenOver?: null }|{ message?: "copyProgress"; hello?: null; stateReady?: null; ack?: null; progress?: null; divergence?: null; declined?: null; prepared?: null; copyProgress: vmft.channel.CopyProgress.$Shape; takenOver?: null }|{ message?: "takenOver"; hello?: null; stateReady?: null; ack?: null; progress?: null; divergence?: null; declined?: null; prepared?: null; copyProgress?: null; takenOver: vmft.channel.TakenOver.$Shape })
            );
        }

        /**
         * Properties of a FromPrimary.
         * @deprecated Use vmft.channel.FromPrimary.$Properties instead.
         */
        interface IFromPrimary extends vmft.channel.FromPrimary.$Properties {
        }

        /** Represents a FromPrimary. */
        class FromPrimary {

            /**
             * Constructs a new FromPrimary.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.channel.FromPrimary.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** FromPrimary welcome. */
            welcome?: (vmft.channel.Welcome.$Properties|null);

            /** FromPrimary refused. */
            refused?: (vmft.channel.Refused.$Properties|null);

            /** FromPrimary logFrame. */
            logFrame?: (vmft.channel.LogFrame.$Properties|null);

            /** FromPrimary diskChunk. */
            diskChunk?: (vmft.channel.DiskChunk.$Properties|null);

            /** FromPrimary memoryChunk. */
            memoryChunk?: (vmft.channel.MemoryChunk.$Properties|null);

            /** FromPrimary state. */
            state?: (vmft.channel.State.$Properties|null);

            /** FromPrimary handOver. */
            handOver?: (vmft.channel.HandOver.$Properties|null);

            /** FromPrimary flushDisks. */
            flushDisks?: (vmft.channel.FlushDisks.$Properties|null);

            /** FromPrimary message. */
            message?: ("welcome"|"refused"|"logFrame"|"diskChunk"|"memoryChunk"|"state"|"handOver"|"flushDisks");

            /**
             * Encodes the specified FromPrimary message. Does not implicitly {@link vmft.channel.FromPrimary.verify|verify} messages.
             * @param message FromPrimary message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.channel.FromPrimary.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a FromPrimary message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.channel.FromPrimary & vmft.channel.FromPrimary.$Shape} FromPrimary
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.channel.FromPrimary & vmft.channel.FromPrimary.$Shape;
        }

        namespace FromPrimary {

            /** Properties of a FromPrimary. */
            interface $Properties {

                /** FromPrimary welcome */
                welcome?: (vmft.channel.Welcome.$Properties|null);

                /** FromPrimary refused */
                refused?: (vmft.channel.Refused.$Properties|null);

                /** FromPrimary logFrame */
                logFrame?: (vmft.channel.LogFrame.$Properties|null);

                /** FromPrimary diskChunk */
                diskChunk?: (vmft.channel.DiskChunk.$Properties|null);

                /** FromPrimary memoryChunk */
                memoryChunk?: (vmft.channel.MemoryChunk.$Properties|null);

                /** FromPrimary state */
                state?: (vmft.channel.State.$Properties|null);

                /** FromPrimary handOver */
                handOver?: (vmft.channel.HandOver.$Properties|null);

                /** FromPrimary flushDisks */
                flushDisks?: (vmft.channel.FlushDisks.$Properties|null);

                /** FromPrimary message */
                message?: ("welcome"|"refused"|"logFrame"|"diskChunk"|"memoryChunk"|"state"|"handOver"|"flushDisks");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a FromPrimary. */
            type $Shape = {
              welcome?: vmft.channel.Welcome.$Shape|null;
              refused?: vmft.channel.Refused.$Shape|null;
              logFrame?: vmft.channel.LogFrame.$Shape|null;
              diskChunk?: vmft.channel.DiskChunk.$Shape|null;
              memoryChunk?: vmft.channel.MemoryChunk.$Shape|null;
              state?: vmft.channel.State.$Shape|null;
              handOver?: vmft.channel.HandOver.$Shape|null;
              flushDisks?: vmft.channel.FlushDisks.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ message?: undefined; welcome?: null; refused?: null; logFrame?: null; diskChunk?: null; memoryChunk?: null; state?: null; handOver?: null; flushDisks?: null }|{ message?: "welcome"; welcome: vmft.channel.Welcome.$Shape; refused?: null; logFrame?: null; diskChunk?: null; memoryChunk?: null; state?: null; handOver?: null; flushDisks?: null }|{ message?: "refused"; welcome?: null; refused: vmft.channel.Refused.$Shape; logFrame?: null; diskChunk?: null; memoryChunk?: null; state?: null; handOver?: null; flushDisks?: null }|{ message?: "logFrame"; welcome?: null; refused?: null; logFrame: vmft.channel.LogFrame.$Shape; diskChunk?: null; memoryChunk?: null; state?: null; handOver?: null; flushDisks?: null }|{ message?: "diskChunk"; welcome?: null; refused?: null; logFrame?: null; diskChunk: vmft.channel.DiskChunk.$Shape; memoryChunk?: null; state?: null; handOver?: null; flushDisks?: null }|{ message?: "memoryChunk"; welcome?: null; refused?: null; logFrame?: null; diskChunk?: null; memoryChunk: vmft.channel.MemoryChunk.$Shape; state?: null; handOver?: null; flushDisks?: null }|{ message?: "state"; welcome?: null; refused?: null; logFrame?: null; diskChunk?: null; memoryChunk?: null; state: vmft.channel.State.$Shape; handOver?: null; flushDisks?: null }|{ message?: "handOver"; welcome?: null; refused?: null; logFrame?: null; diskChunk?: null; memoryChunk?: null; state?: null; handOver: vmft.channel.HandOver.$Shape; flushDisks?: null }|{ message?: "flushDisks"; welcome?: null; refused?: null; logFrame?: null; diskChunk?: null; memoryChunk?: null; state?: null; handOver?: null; flushDisks: vmft.channel.FlushDisks.$Shape })
            );
        }

        /**
         * Properties of a Hello.
         * @deprecated Use vmft.channel.Hello.$Properties instead.
         */
        interface IHello extends vmft.channel.Hello.$Properties {
        }

        /** Represents a Hello. */
        class Hello {

            /**
             * Constructs a new Hello.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.channel.Hello.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Hello protocolVersion. */
            protocolVersion: number;

            /** Hello build. */
            build: string;

            /** Hello accelerator. */
            accelerator: string;

            /** Hello replicaId. */
            replicaId: string;

            /** Hello memoryBytesMax. */
            memoryBytesMax: Long;

            /** Hello replays. */
            replays: boolean;

            /** Hello liveAfterMs. */
            liveAfterMs: number;

            /**
             * Encodes the specified Hello message. Does not implicitly {@link vmft.channel.Hello.verify|verify} messages.
             * @param message Hello message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.channel.Hello.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Hello message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.channel.Hello & vmft.channel.Hello.$Shape} Hello
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.channel.Hello & vmft.channel.Hello.$Shape;
        }

        namespace Hello {

            /** Properties of a Hello. */
            interface $Properties {

                /** Hello protocolVersion */
                protocolVersion?: (number|null);

                /** Hello build */
                build?: (string|null);

                /** Hello accelerator */
                accelerator?: (string|null);

                /** Hello replicaId */
                replicaId?: (string|null);

                /** Hello memoryBytesMax */
                memoryBytesMax?: (Long|null);

                /** Hello replays */
                replays?: (boolean|null);

                /** Hello liveAfterMs */
                liveAfterMs?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Hello. */
            type $Shape = vmft.channel.Hello.$Properties;
        }

        /** Replication enum. */
        enum Replication {

            /** REPLAY value */
            REPLAY = 0,

            /** CHECKPOINT value */
            CHECKPOINT = 1
        }

        /**
         * Properties of a Welcome.
         * @deprecated Use vmft.channel.Welcome.$Properties instead.
         */
        interface IWelcome extends vmft.channel.Welcome.$Properties {
        }

        /** Represents a Welcome. */
        class Welcome {

            /**
             * Constructs a new Welcome.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.channel.Welcome.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Welcome generation. */
            generation: Long;

            /** Welcome machineId. */
            machineId: string;

            /** Welcome machineConfig. */
            machineConfig: Uint8Array;

            /** Welcome heartbeatPort. */
            heartbeatPort: number;

            /** Welcome arbiterUrl. */
            arbiterUrl: string;

            /** Welcome replicaId. */
            replicaId: string;

            /** Welcome replication. */
            replication: vmft.channel.Replication;

            /**
             * Encodes the specified Welcome message. Does not implicitly {@link vmft.channel.Welcome.verify|verify} messages.
             * @param message Welcome message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.channel.Welcome.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Welcome message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.channel.Welcome & vmft.channel.Welcome.$Shape} Welcome
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.channel.Welcome & vmft.channel.Welcome.$Shape;
        }

        namespace Welcome {

            /** Properties of a Welcome. */
            interface $Properties {

                /** Welcome generation */
                generation?: (Long|null);

                /** Welcome machineId */
                machineId?: (string|null);

                /** Welcome machineConfig */
                machineConfig?: (Uint8Array|null);

                /** Welcome heartbeatPort */
                heartbeatPort?: (number|null);

                /** Welcome arbiterUrl */
                arbiterUrl?: (string|null);

                /** Welcome replicaId */
                replicaId?: (string|null);

                /** Welcome replication */
                replication?: (vmft.channel.Replication|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Welcome. */
            type $Shape = vmft.channel.Welcome.$Properties;
        }

        /**
         * Properties of a Refused.
         * @deprecated Use vmft.channel.Refused.$Properties instead.
         */
        interface IRefused extends vmft.channel.Refused.$Properties {
        }

        /** Represents a Refused. */
        class Refused {

            /**
             * Constructs a new Refused.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.channel.Refused.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Refused reason. */
            reason: string;

            /**
             * Encodes the specified Refused message. Does not implicitly {@link vmft.channel.Refused.verify|verify} messages.
             * @param message Refused message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.channel.Refused.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Refused message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.channel.Refused & vmft.channel.Refused.$Shape} Refused
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.channel.Refused & vmft.channel.Refused.$Shape;
        }

        namespace Refused {

            /** Properties of a Refused. */
            interface $Properties {

                /** Refused reason */
                reason?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Refused. */
            type $Shape = vmft.channel.Refused.$Properties;
        }

        /**
         * Properties of a Prepared.
         * @deprecated Use vmft.channel.Prepared.$Properties instead.
         */
        interface IPrepared extends vmft.channel.Prepared.$Properties {
        }

        /** Represents a Prepared. */
        class Prepared {

            /**
             * Constructs a new Prepared.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.channel.Prepared.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Prepared generation. */
            generation: Long;

            /**
             * Encodes the specified Prepared message. Does not implicitly {@link vmft.channel.Prepared.verify|verify} messages.
             * @param message Prepared message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.channel.Prepared.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Prepared message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.channel.Prepared & vmft.channel.Prepared.$Shape} Prepared
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.channel.Prepared & vmft.channel.Prepared.$Shape;
        }

        namespace Prepared {

            /** Properties of a Prepared. */
            interface $Properties {

                /** Prepared generation */
                generation?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Prepared. */
            type $Shape = vmft.channel.Prepared.$Properties;
        }

        /**
         * Properties of a DiskChunk.
         * @deprecated Use vmft.channel.DiskChunk.$Properties instead.
         */
        interface IDiskChunk extends vmft.channel.DiskChunk.$Properties {
        }

        /** Represents a DiskChunk. */
        class DiskChunk {

            /**
             * Constructs a new DiskChunk.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.channel.DiskChunk.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** DiskChunk disk. */
            disk: number;

            /** DiskChunk offset. */
            offset: Long;

            /** DiskChunk data. */
            data: Uint8Array;

            /** DiskChunk zeroBytes. */
            zeroBytes: Long;

            /**
             * Encodes the specified DiskChunk message. Does not implicitly {@link vmft.channel.DiskChunk.verify|verify} messages.
             * @param message DiskChunk message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.channel.DiskChunk.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a DiskChunk message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.channel.DiskChunk & vmft.channel.DiskChunk.$Shape} DiskChunk
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.channel.DiskChunk & vmft.channel.DiskChunk.$Shape;
        }

        namespace DiskChunk {

            /** Properties of a DiskChunk. */
            interface $Properties {

                /** DiskChunk disk */
                disk?: (number|null);

                /** DiskChunk offset */
                offset?: (Long|null);

                /** DiskChunk data */
                data?: (Uint8Array|null);

                /** DiskChunk zeroBytes */
                zeroBytes?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a DiskChunk. */
            type $Shape = vmft.channel.DiskChunk.$Properties;
        }

        /**
         * Properties of a CopyProgress.
         * @deprecated Use vmft.channel.CopyProgress.$Properties instead.
         */
        interface ICopyProgress extends vmft.channel.CopyProgress.$Properties {
        }

        /** Represents a CopyProgress. */
        class CopyProgress {

            /**
             * Constructs a new CopyProgress.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.channel.CopyProgress.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** CopyProgress generation. */
            generation: Long;

            /** CopyProgress chunks. */
            chunks: Long;

            /**
             * Encodes the specified CopyProgress message. Does not implicitly {@link vmft.channel.CopyProgress.verify|verify} messages.
             * @param message CopyProgress message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.channel.CopyProgress.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CopyProgress message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.channel.CopyProgress & vmft.channel.CopyProgress.$Shape} CopyProgress
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.channel.CopyProgress & vmft.channel.CopyProgress.$Shape;
        }

        namespace CopyProgress {

            /** Properties of a CopyProgress. */
            interface $Properties {

                /** CopyProgress generation */
                generation?: (Long|null);

                /** CopyProgress chunks */
                chunks?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CopyProgress. */
            type $Shape = vmft.channel.CopyProgress.$Properties;
        }

        /**
         * Properties of a MemoryChunk.
         * @deprecated Use vmft.channel.MemoryChunk.$Properties instead.
         */
        interface IMemoryChunk extends vmft.channel.MemoryChunk.$Properties {
        }

        /** Represents a MemoryChunk. */
        class MemoryChunk {

            /**
             * Constructs a new MemoryChunk.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.channel.MemoryChunk.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** MemoryChunk pages. */
            pages: Uint8Array;

            /**
             * Encodes the specified MemoryChunk message. Does not implicitly {@link vmft.channel.MemoryChunk.verify|verify} messages.
             * @param message MemoryChunk message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.channel.MemoryChunk.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a MemoryChunk message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.channel.MemoryChunk & vmft.channel.MemoryChunk.$Shape} MemoryChunk
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.channel.MemoryChunk & vmft.channel.MemoryChunk.$Shape;
        }

        namespace MemoryChunk {

            /** Properties of a MemoryChunk. */
            interface $Properties {

                /** MemoryChunk pages */
                pages?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a MemoryChunk. */
            type $Shape = vmft.channel.MemoryChunk.$Properties;
        }

        /**
         * Properties of a FlushDisks.
         * @deprecated Use vmft.channel.FlushDisks.$Properties instead.
         */
        interface IFlushDisks extends vmft.channel.FlushDisks.$Properties {
        }

        /** Represents a FlushDisks. */
        class FlushDisks {

            /**
             * Constructs a new FlushDisks.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.channel.FlushDisks.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified FlushDisks message. Does not implicitly {@link vmft.channel.FlushDisks.verify|verify} messages.
             * @param message FlushDisks message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.channel.FlushDisks.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a FlushDisks message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.channel.FlushDisks & vmft.channel.FlushDisks.$Shape} FlushDisks
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.channel.FlushDisks & vmft.channel.FlushDisks.$Shape;
        }

        namespace FlushDisks {

            /** Properties of a FlushDisks. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a FlushDisks. */
            type $Shape = vmft.channel.FlushDisks.$Properties;
        }

        /**
         * Properties of a State.
         * @deprecated Use vmft.channel.State.$Properties instead.
         */
        interface IState extends vmft.channel.State.$Properties {
        }

        /** Represents a State. */
        class State {

            /**
             * Constructs a new State.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.channel.State.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** State generation. */
            generation: Long;

            /** State memoryChunks. */
            memoryChunks: Long;

            /** State state. */
            state: Uint8Array;

            /** State more. */
            more: boolean;

            /**
             * Encodes the specified State message. Does not implicitly {@link vmft.channel.State.verify|verify} messages.
             * @param message State message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.channel.State.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a State message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.channel.State & vmft.channel.State.$Shape} State
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.channel.State & vmft.channel.State.$Shape;
        }

        namespace State {

            /** Properties of a State. */
            interface $Properties {

                /** State generation */
                generation?: (Long|null);

                /** State memoryChunks */
                memoryChunks?: (Long|null);

                /** State state */
                state?: (Uint8Array|null);

                /** State more */
                more?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a State. */
            type $Shape = vmft.channel.State.$Properties;
        }

        /**
         * Properties of a Declined.
         * @deprecated Use vmft.channel.Declined.$Properties instead.
         */
        interface IDeclined extends vmft.channel.Declined.$Properties {
        }

        /** Represents a Declined. */
        class Declined {

            /**
             * Constructs a new Declined.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.channel.Declined.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Declined reason. */
            reason: string;

            /**
             * Encodes the specified Declined message. Does not implicitly {@link vmft.channel.Declined.verify|verify} messages.
             * @param message Declined message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.channel.Declined.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Declined message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.channel.Declined & vmft.channel.Declined.$Shape} Declined
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.channel.Declined & vmft.channel.Declined.$Shape;
        }

        namespace Declined {

            /** Properties of a Declined. */
            interface $Properties {

                /** Declined reason */
                reason?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Declined. */
            type $Shape = vmft.channel.Declined.$Properties;
        }

        /**
         * Properties of a StateReady.
         * @deprecated Use vmft.channel.StateReady.$Properties instead.
         */
        interface IStateReady extends vmft.channel.StateReady.$Properties {
        }

        /** Represents a StateReady. */
        class StateReady {

            /**
             * Constructs a new StateReady.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.channel.StateReady.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StateReady generation. */
            generation: Long;

            /**
             * Encodes the specified StateReady message. Does not implicitly {@link vmft.channel.StateReady.verify|verify} messages.
             * @param message StateReady message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.channel.StateReady.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StateReady message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.channel.StateReady & vmft.channel.StateReady.$Shape} StateReady
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.channel.StateReady & vmft.channel.StateReady.$Shape;
        }

        namespace StateReady {

            /** Properties of a StateReady. */
            interface $Properties {

                /** StateReady generation */
                generation?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StateReady. */
            type $Shape = vmft.channel.StateReady.$Properties;
        }

        /**
         * Properties of a LogFrame.
         * @deprecated Use vmft.channel.LogFrame.$Properties instead.
         */
        interface ILogFrame extends vmft.channel.LogFrame.$Properties {
        }

        /** Represents a LogFrame. */
        class LogFrame {

            /**
             * Constructs a new LogFrame.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.channel.LogFrame.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** LogFrame generation. */
            generation: Long;

            /** LogFrame sequence. */
            sequence: Long;

            /** LogFrame frame. */
            frame: Uint8Array;

            /**
             * Encodes the specified LogFrame message. Does not implicitly {@link vmft.channel.LogFrame.verify|verify} messages.
             * @param message LogFrame message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.channel.LogFrame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a LogFrame message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.channel.LogFrame & vmft.channel.LogFrame.$Shape} LogFrame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.channel.LogFrame & vmft.channel.LogFrame.$Shape;
        }

        namespace LogFrame {

            /** Properties of a LogFrame. */
            interface $Properties {

                /** LogFrame generation */
                generation?: (Long|null);

                /** LogFrame sequence */
                sequence?: (Long|null);

                /** LogFrame frame */
                frame?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a LogFrame. */
            type $Shape = vmft.channel.LogFrame.$Properties;
        }

        /**
         * Properties of a HandOver.
         * @deprecated Use vmft.channel.HandOver.$Properties instead.
         */
        interface IHandOver extends vmft.channel.HandOver.$Properties {
        }

        /** Represents a HandOver. */
        class HandOver {

            /**
             * Constructs a new HandOver.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.channel.HandOver.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** HandOver generation. */
            generation: Long;

            /**
             * Encodes the specified HandOver message. Does not implicitly {@link vmft.channel.HandOver.verify|verify} messages.
             * @param message HandOver message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.channel.HandOver.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a HandOver message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.channel.HandOver & vmft.channel.HandOver.$Shape} HandOver
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.channel.HandOver & vmft.channel.HandOver.$Shape;
        }

        namespace HandOver {

            /** Properties of a HandOver. */
            interface $Properties {

                /** HandOver generation */
                generation?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a HandOver. */
            type $Shape = vmft.channel.HandOver.$Properties;
        }

        /**
         * Properties of a TakenOver.
         * @deprecated Use vmft.channel.TakenOver.$Properties instead.
         */
        interface ITakenOver extends vmft.channel.TakenOver.$Properties {
        }

        /** Represents a TakenOver. */
        class TakenOver {

            /**
             * Constructs a new TakenOver.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.channel.TakenOver.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** TakenOver generation. */
            generation: Long;

            /**
             * Encodes the specified TakenOver message. Does not implicitly {@link vmft.channel.TakenOver.verify|verify} messages.
             * @param message TakenOver message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.channel.TakenOver.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a TakenOver message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.channel.TakenOver & vmft.channel.TakenOver.$Shape} TakenOver
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.channel.TakenOver & vmft.channel.TakenOver.$Shape;
        }

        namespace TakenOver {

            /** Properties of a TakenOver. */
            interface $Properties {

                /** TakenOver generation */
                generation?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a TakenOver. */
            type $Shape = vmft.channel.TakenOver.$Properties;
        }

        /**
         * Properties of an Ack.
         * @deprecated Use vmft.channel.Ack.$Properties instead.
         */
        interface IAck extends vmft.channel.Ack.$Properties {
        }

        /** Represents an Ack. */
        class Ack {

            /**
             * Constructs a new Ack.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.channel.Ack.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Ack generation. */
            generation: Long;

            /** Ack sequence. */
            sequence: Long;

            /**
             * Encodes the specified Ack message. Does not implicitly {@link vmft.channel.Ack.verify|verify} messages.
             * @param message Ack message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.channel.Ack.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Ack message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.channel.Ack & vmft.channel.Ack.$Shape} Ack
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.channel.Ack & vmft.channel.Ack.$Shape;
        }

        namespace Ack {

            /** Properties of an Ack. */
            interface $Properties {

                /** Ack generation */
                generation?: (Long|null);

                /** Ack sequence */
                sequence?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Ack. */
            type $Shape = vmft.channel.Ack.$Properties;
        }

        /**
         * Properties of a Progress.
         * @deprecated Use vmft.channel.Progress.$Properties instead.
         */
        interface IProgress extends vmft.channel.Progress.$Properties {
        }

        /** Represents a Progress. */
        class Progress {

            /**
             * Constructs a new Progress.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.channel.Progress.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Progress generation. */
            generation: Long;

            /** Progress executedTicks. */
            executedTicks: Long;

            /** Progress executedVirtualNs. */
            executedVirtualNs: Long;

            /** Progress digestsChecked. */
            digestsChecked: Long;

            /** Progress diskReadsDone. */
            diskReadsDone: Long;

            /**
             * Encodes the specified Progress message. Does not implicitly {@link vmft.channel.Progress.verify|verify} messages.
             * @param message Progress message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.channel.Progress.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Progress message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.channel.Progress & vmft.channel.Progress.$Shape} Progress
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.channel.Progress & vmft.channel.Progress.$Shape;
        }

        namespace Progress {

            /** Properties of a Progress. */
            interface $Properties {

                /** Progress generation */
                generation?: (Long|null);

                /** Progress executedTicks */
                executedTicks?: (Long|null);

                /** Progress executedVirtualNs */
                executedVirtualNs?: (Long|null);

                /** Progress digestsChecked */
                digestsChecked?: (Long|null);

                /** Progress diskReadsDone */
                diskReadsDone?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Progress. */
            type $Shape = vmft.channel.Progress.$Properties;
        }

        /**
         * Properties of a Divergence.
         * @deprecated Use vmft.channel.Divergence.$Properties instead.
         */
        interface IDivergence extends vmft.channel.Divergence.$Properties {
        }

        /** Represents a Divergence. */
        class Divergence {

            /**
             * Constructs a new Divergence.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.channel.Divergence.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Divergence generation. */
            generation: Long;

            /** Divergence ticks. */
            ticks: Long;

            /** Divergence what. */
            what: string;

            /**
             * Encodes the specified Divergence message. Does not implicitly {@link vmft.channel.Divergence.verify|verify} messages.
             * @param message Divergence message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.channel.Divergence.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Divergence message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.channel.Divergence & vmft.channel.Divergence.$Shape} Divergence
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.channel.Divergence & vmft.channel.Divergence.$Shape;
        }

        namespace Divergence {

            /** Properties of a Divergence. */
            interface $Properties {

                /** Divergence generation */
                generation?: (Long|null);

                /** Divergence ticks */
                ticks?: (Long|null);

                /** Divergence what */
                what?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Divergence. */
            type $Shape = vmft.channel.Divergence.$Properties;
        }
    }
}
