// Generated from proto/replica.proto by scripts/generate-proto.mjs. Do not edit.
import * as $protobuf from "protobufjs";
import Long = require("long");

/** Namespace vmft. */
export namespace vmft {

    /** Namespace replica. */
    namespace replica {

        /**
         * Properties of a StatusRequest.
         * @deprecated Use vmft.replica.StatusRequest.$Properties instead.
         */
        interface IStatusRequest extends vmft.replica.StatusRequest.$Properties {
        }

        /** Represents a StatusRequest. */
        class StatusRequest {

            /**
             * Constructs a new StatusRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.replica.StatusRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified StatusRequest message. Does not implicitly {@link vmft.replica.StatusRequest.verify|verify} messages.
             * @param message StatusRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.replica.StatusRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StatusRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.replica.StatusRequest & vmft.replica.StatusRequest.$Shape} StatusRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.replica.StatusRequest & vmft.replica.StatusRequest.$Shape;
        }

        namespace StatusRequest {

            /** Properties of a StatusRequest. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StatusRequest. */
            type $Shape = vmft.replica.StatusRequest.$Properties;
        }

        /**
         * Properties of a StatusReply.
         * @deprecated Use vmft.replica.StatusReply.$Properties instead.
         */
        interface IStatusReply extends vmft.replica.StatusReply.$Properties {
        }

        /** Represents a StatusReply. */
        class StatusReply {

            /**
             * Constructs a new StatusReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.replica.StatusReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StatusReply machineId. */
            machineId: string;

            /** StatusReply replicaId. */
            replicaId: string;

            /** StatusReply role. */
            role: string;

            /** StatusReply phase. */
            phase: string;

            /** StatusReply generation. */
            generation: Long;

            /** StatusReply listening. */
            listening: string;

            /** StatusReply accelerator. */
            accelerator: string;

            /** StatusReply replication. */
            replication: string;

            /** StatusReply memoryBytes. */
            memoryBytes: Long;

            /** StatusReply virtualNs. */
            virtualNs: Long;

            /** StatusReply ticks. */
            ticks: Long;

            /** StatusReply stalled. */
            stalled: boolean;

            /** StatusReply processId. */
            processId: number;

            /** StatusReply startedRealtimeMs. */
            startedRealtimeMs: Long;

            /** StatusReply copy. */
            copy?: (vmft.replica.Copy.$Properties|null);

            /** StatusReply trouble. */
            trouble: string;

            /** StatusReply cpuSharePermille. */
            cpuSharePermille: number;

            /** StatusReply vmft. */
            vmft: string;

            /** StatusReply recordedBytes. */
            recordedBytes: Long;

            /** StatusReply lagNs. */
            lagNs: Long;

            /** StatusReply code. */
            code: string;

            /**
             * Encodes the specified StatusReply message. Does not implicitly {@link vmft.replica.StatusReply.verify|verify} messages.
             * @param message StatusReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.replica.StatusReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StatusReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.replica.StatusReply & vmft.replica.StatusReply.$Shape} StatusReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.replica.StatusReply & vmft.replica.StatusReply.$Shape;
        }

        namespace StatusReply {

            /** Properties of a StatusReply. */
            interface $Properties {

                /** StatusReply machineId */
                machineId?: (string|null);

                /** StatusReply replicaId */
                replicaId?: (string|null);

                /** StatusReply role */
                role?: (string|null);

                /** StatusReply phase */
                phase?: (string|null);

                /** StatusReply generation */
                generation?: (Long|null);

                /** StatusReply listening */
                listening?: (string|null);

                /** StatusReply accelerator */
                accelerator?: (string|null);

                /** StatusReply replication */
                replication?: (string|null);

                /** StatusReply memoryBytes */
                memoryBytes?: (Long|null);

                /** StatusReply virtualNs */
                virtualNs?: (Long|null);

                /** StatusReply ticks */
                ticks?: (Long|null);

                /** StatusReply stalled */
                stalled?: (boolean|null);

                /** StatusReply processId */
                processId?: (number|null);

                /** StatusReply startedRealtimeMs */
                startedRealtimeMs?: (Long|null);

                /** StatusReply copy */
                copy?: (vmft.replica.Copy.$Properties|null);

                /** StatusReply trouble */
                trouble?: (string|null);

                /** StatusReply cpuSharePermille */
                cpuSharePermille?: (number|null);

                /** StatusReply vmft */
                vmft?: (string|null);

                /** StatusReply recordedBytes */
                recordedBytes?: (Long|null);

                /** StatusReply lagNs */
                lagNs?: (Long|null);

                /** StatusReply code */
                code?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StatusReply. */
            type $Shape = vmft.replica.StatusReply.$Properties;
        }

        /**
         * Properties of a Copy.
         * @deprecated Use vmft.replica.Copy.$Properties instead.
         */
        interface ICopy extends vmft.replica.Copy.$Properties {
        }

        /** Represents a Copy. */
        class Copy {

            /**
             * Constructs a new Copy.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.replica.Copy.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Copy sentBytes. */
            sentBytes: Long;

            /** Copy leftBytes. */
            leftBytes: Long;

            /** Copy bytesPerSecond. */
            bytesPerSecond: Long;

            /** Copy pauseMs. */
            pauseMs: number;

            /**
             * Encodes the specified Copy message. Does not implicitly {@link vmft.replica.Copy.verify|verify} messages.
             * @param message Copy message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.replica.Copy.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Copy message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.replica.Copy & vmft.replica.Copy.$Shape} Copy
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.replica.Copy & vmft.replica.Copy.$Shape;
        }

        namespace Copy {

            /** Properties of a Copy. */
            interface $Properties {

                /** Copy sentBytes */
                sentBytes?: (Long|null);

                /** Copy leftBytes */
                leftBytes?: (Long|null);

                /** Copy bytesPerSecond */
                bytesPerSecond?: (Long|null);

                /** Copy pauseMs */
                pauseMs?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Copy. */
            type $Shape = vmft.replica.Copy.$Properties;
        }

        /**
         * Properties of an EventsRequest.
         * @deprecated Use vmft.replica.EventsRequest.$Properties instead.
         */
        interface IEventsRequest extends vmft.replica.EventsRequest.$Properties {
        }

        /** Represents an EventsRequest. */
        class EventsRequest {

            /**
             * Constructs a new EventsRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.replica.EventsRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** EventsRequest after. */
            after: Long;

            /**
             * Encodes the specified EventsRequest message. Does not implicitly {@link vmft.replica.EventsRequest.verify|verify} messages.
             * @param message EventsRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.replica.EventsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an EventsRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.replica.EventsRequest & vmft.replica.EventsRequest.$Shape} EventsRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.replica.EventsRequest & vmft.replica.EventsRequest.$Shape;
        }

        namespace EventsRequest {

            /** Properties of an EventsRequest. */
            interface $Properties {

                /** EventsRequest after */
                after?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an EventsRequest. */
            type $Shape = vmft.replica.EventsRequest.$Properties;
        }

        /**
         * Properties of an Event.
         * @deprecated Use vmft.replica.Event.$Properties instead.
         */
        interface IEvent extends vmft.replica.Event.$Properties {
        }

        /** Represents an Event. */
        class Event {

            /**
             * Constructs a new Event.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.replica.Event.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Event number. */
            number: Long;

            /** Event json. */
            json: string;

            /**
             * Encodes the specified Event message. Does not implicitly {@link vmft.replica.Event.verify|verify} messages.
             * @param message Event message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.replica.Event.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Event message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.replica.Event & vmft.replica.Event.$Shape} Event
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.replica.Event & vmft.replica.Event.$Shape;
        }

        namespace Event {

            /** Properties of an Event. */
            interface $Properties {

                /** Event number */
                number?: (Long|null);

                /** Event json */
                json?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Event. */
            type $Shape = vmft.replica.Event.$Properties;
        }

        /**
         * Properties of a ConsoleInput.
         * @deprecated Use vmft.replica.ConsoleInput.$Properties instead.
         */
        interface IConsoleInput extends vmft.replica.ConsoleInput.$Properties {
        }

        /** Represents a ConsoleInput. */
        class ConsoleInput {

            /**
             * Constructs a new ConsoleInput.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.replica.ConsoleInput.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ConsoleInput data. */
            data: Uint8Array;

            /**
             * Encodes the specified ConsoleInput message. Does not implicitly {@link vmft.replica.ConsoleInput.verify|verify} messages.
             * @param message ConsoleInput message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.replica.ConsoleInput.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ConsoleInput message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.replica.ConsoleInput & vmft.replica.ConsoleInput.$Shape} ConsoleInput
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.replica.ConsoleInput & vmft.replica.ConsoleInput.$Shape;
        }

        namespace ConsoleInput {

            /** Properties of a ConsoleInput. */
            interface $Properties {

                /** ConsoleInput data */
                data?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ConsoleInput. */
            type $Shape = vmft.replica.ConsoleInput.$Properties;
        }

        /**
         * Properties of a ConsoleOutput.
         * @deprecated Use vmft.replica.ConsoleOutput.$Properties instead.
         */
        interface IConsoleOutput extends vmft.replica.ConsoleOutput.$Properties {
        }

        /** Represents a ConsoleOutput. */
        class ConsoleOutput {

            /**
             * Constructs a new ConsoleOutput.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.replica.ConsoleOutput.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ConsoleOutput data. */
            data: Uint8Array;

            /**
             * Encodes the specified ConsoleOutput message. Does not implicitly {@link vmft.replica.ConsoleOutput.verify|verify} messages.
             * @param message ConsoleOutput message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.replica.ConsoleOutput.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ConsoleOutput message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.replica.ConsoleOutput & vmft.replica.ConsoleOutput.$Shape} ConsoleOutput
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.replica.ConsoleOutput & vmft.replica.ConsoleOutput.$Shape;
        }

        namespace ConsoleOutput {

            /** Properties of a ConsoleOutput. */
            interface $Properties {

                /** ConsoleOutput data */
                data?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ConsoleOutput. */
            type $Shape = vmft.replica.ConsoleOutput.$Properties;
        }

        /**
         * Properties of a ControlRequest.
         * @deprecated Use vmft.replica.ControlRequest.$Properties instead.
         */
        interface IControlRequest extends vmft.replica.ControlRequest.$Properties {
        }

        /** Represents a ControlRequest. */
        class ControlRequest {

            /**
             * Constructs a new ControlRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.replica.ControlRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ControlRequest kind. */
            kind: vmft.replica.ControlRequest.Kind;

            /** ControlRequest value. */
            value: number;

            /**
             * Encodes the specified ControlRequest message. Does not implicitly {@link vmft.replica.ControlRequest.verify|verify} messages.
             * @param message ControlRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.replica.ControlRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ControlRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.replica.ControlRequest & vmft.replica.ControlRequest.$Shape} ControlRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.replica.ControlRequest & vmft.replica.ControlRequest.$Shape;
        }

        namespace ControlRequest {

            /** Properties of a ControlRequest. */
            interface $Properties {

                /** ControlRequest kind */
                kind?: (vmft.replica.ControlRequest.Kind|null);

                /** ControlRequest value */
                value?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ControlRequest. */
            type $Shape = vmft.replica.ControlRequest.$Properties;

            /** Kind enum. */
            enum Kind {

                /** UNSPECIFIED value */
                UNSPECIFIED = 0,

                /** POWER_BUTTON value */
                POWER_BUTTON = 1,

                /** POWER_OFF value */
                POWER_OFF = 2,

                /** RESET value */
                RESET = 3,

                /** CPU_SHARE value */
                CPU_SHARE = 4
            }
        }

        /**
         * Properties of a ControlReply.
         * @deprecated Use vmft.replica.ControlReply.$Properties instead.
         */
        interface IControlReply extends vmft.replica.ControlReply.$Properties {
        }

        /** Represents a ControlReply. */
        class ControlReply {

            /**
             * Constructs a new ControlReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.replica.ControlReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified ControlReply message. Does not implicitly {@link vmft.replica.ControlReply.verify|verify} messages.
             * @param message ControlReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.replica.ControlReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ControlReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.replica.ControlReply & vmft.replica.ControlReply.$Shape} ControlReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.replica.ControlReply & vmft.replica.ControlReply.$Shape;
        }

        namespace ControlReply {

            /** Properties of a ControlReply. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ControlReply. */
            type $Shape = vmft.replica.ControlReply.$Properties;
        }

        /**
         * Properties of a HandOverRequest.
         * @deprecated Use vmft.replica.HandOverRequest.$Properties instead.
         */
        interface IHandOverRequest extends vmft.replica.HandOverRequest.$Properties {
        }

        /** Represents a HandOverRequest. */
        class HandOverRequest {

            /**
             * Constructs a new HandOverRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.replica.HandOverRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified HandOverRequest message. Does not implicitly {@link vmft.replica.HandOverRequest.verify|verify} messages.
             * @param message HandOverRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.replica.HandOverRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a HandOverRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.replica.HandOverRequest & vmft.replica.HandOverRequest.$Shape} HandOverRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.replica.HandOverRequest & vmft.replica.HandOverRequest.$Shape;
        }

        namespace HandOverRequest {

            /** Properties of a HandOverRequest. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a HandOverRequest. */
            type $Shape = vmft.replica.HandOverRequest.$Properties;
        }

        /**
         * Properties of a HandOverReply.
         * @deprecated Use vmft.replica.HandOverReply.$Properties instead.
         */
        interface IHandOverReply extends vmft.replica.HandOverReply.$Properties {
        }

        /** Represents a HandOverReply. */
        class HandOverReply {

            /**
             * Constructs a new HandOverReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.replica.HandOverReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified HandOverReply message. Does not implicitly {@link vmft.replica.HandOverReply.verify|verify} messages.
             * @param message HandOverReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.replica.HandOverReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a HandOverReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.replica.HandOverReply & vmft.replica.HandOverReply.$Shape} HandOverReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.replica.HandOverReply & vmft.replica.HandOverReply.$Shape;
        }

        namespace HandOverReply {

            /** Properties of a HandOverReply. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a HandOverReply. */
            type $Shape = vmft.replica.HandOverReply.$Properties;
        }

        /**
         * Properties of a LeaveRequest.
         * @deprecated Use vmft.replica.LeaveRequest.$Properties instead.
         */
        interface ILeaveRequest extends vmft.replica.LeaveRequest.$Properties {
        }

        /** Represents a LeaveRequest. */
        class LeaveRequest {

            /**
             * Constructs a new LeaveRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.replica.LeaveRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** LeaveRequest why. */
            why: string;

            /**
             * Encodes the specified LeaveRequest message. Does not implicitly {@link vmft.replica.LeaveRequest.verify|verify} messages.
             * @param message LeaveRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.replica.LeaveRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a LeaveRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.replica.LeaveRequest & vmft.replica.LeaveRequest.$Shape} LeaveRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.replica.LeaveRequest & vmft.replica.LeaveRequest.$Shape;
        }

        namespace LeaveRequest {

            /** Properties of a LeaveRequest. */
            interface $Properties {

                /** LeaveRequest why */
                why?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a LeaveRequest. */
            type $Shape = vmft.replica.LeaveRequest.$Properties;
        }

        /**
         * Properties of a LeaveReply.
         * @deprecated Use vmft.replica.LeaveReply.$Properties instead.
         */
        interface ILeaveReply extends vmft.replica.LeaveReply.$Properties {
        }

        /** Represents a LeaveReply. */
        class LeaveReply {

            /**
             * Constructs a new LeaveReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.replica.LeaveReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified LeaveReply message. Does not implicitly {@link vmft.replica.LeaveReply.verify|verify} messages.
             * @param message LeaveReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.replica.LeaveReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a LeaveReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.replica.LeaveReply & vmft.replica.LeaveReply.$Shape} LeaveReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.replica.LeaveReply & vmft.replica.LeaveReply.$Shape;
        }

        namespace LeaveReply {

            /** Properties of a LeaveReply. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a LeaveReply. */
            type $Shape = vmft.replica.LeaveReply.$Properties;
        }

        /**
         * Properties of a SnapshotRequest.
         * @deprecated Use vmft.replica.SnapshotRequest.$Properties instead.
         */
        interface ISnapshotRequest extends vmft.replica.SnapshotRequest.$Properties {
        }

        /** Represents a SnapshotRequest. */
        class SnapshotRequest {

            /**
             * Constructs a new SnapshotRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.replica.SnapshotRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** SnapshotRequest path. */
            path: string;

            /**
             * Encodes the specified SnapshotRequest message. Does not implicitly {@link vmft.replica.SnapshotRequest.verify|verify} messages.
             * @param message SnapshotRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.replica.SnapshotRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SnapshotRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.replica.SnapshotRequest & vmft.replica.SnapshotRequest.$Shape} SnapshotRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.replica.SnapshotRequest & vmft.replica.SnapshotRequest.$Shape;
        }

        namespace SnapshotRequest {

            /** Properties of a SnapshotRequest. */
            interface $Properties {

                /** SnapshotRequest path */
                path?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SnapshotRequest. */
            type $Shape = vmft.replica.SnapshotRequest.$Properties;
        }

        /**
         * Properties of a SnapshotProgress.
         * @deprecated Use vmft.replica.SnapshotProgress.$Properties instead.
         */
        interface ISnapshotProgress extends vmft.replica.SnapshotProgress.$Properties {
        }

        /** Represents a SnapshotProgress. */
        class SnapshotProgress {

            /**
             * Constructs a new SnapshotProgress.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.replica.SnapshotProgress.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** SnapshotProgress writtenBytes. */
            writtenBytes: Long;

            /** SnapshotProgress leftBytes. */
            leftBytes: Long;

            /** SnapshotProgress done. */
            done: boolean;

            /** SnapshotProgress pauseMs. */
            pauseMs: number;

            /** SnapshotProgress stateDigest. */
            stateDigest: Long;

            /** SnapshotProgress memoryDigest. */
            memoryDigest: Long;

            /**
             * Encodes the specified SnapshotProgress message. Does not implicitly {@link vmft.replica.SnapshotProgress.verify|verify} messages.
             * @param message SnapshotProgress message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.replica.SnapshotProgress.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SnapshotProgress message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.replica.SnapshotProgress & vmft.replica.SnapshotProgress.$Shape} SnapshotProgress
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.replica.SnapshotProgress & vmft.replica.SnapshotProgress.$Shape;
        }

        namespace SnapshotProgress {

            /** Properties of a SnapshotProgress. */
            interface $Properties {

                /** SnapshotProgress writtenBytes */
                writtenBytes?: (Long|null);

                /** SnapshotProgress leftBytes */
                leftBytes?: (Long|null);

                /** SnapshotProgress done */
                done?: (boolean|null);

                /** SnapshotProgress pauseMs */
                pauseMs?: (number|null);

                /** SnapshotProgress stateDigest */
                stateDigest?: (Long|null);

                /** SnapshotProgress memoryDigest */
                memoryDigest?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SnapshotProgress. */
            type $Shape = vmft.replica.SnapshotProgress.$Properties;
        }
    }
}
