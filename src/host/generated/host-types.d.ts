// Generated from proto/host.proto by scripts/generate-proto.mjs. Do not edit.
import * as $protobuf from "protobufjs";
import Long = require("long");

/** Namespace vmft. */
export namespace vmft {

    /** Namespace host. */
    namespace host {

        /**
         * Properties of a MachineSpec.
         * @deprecated Use vmft.host.MachineSpec.$Properties instead.
         */
        interface IMachineSpec extends vmft.host.MachineSpec.$Properties {
        }

        /** Represents a MachineSpec. */
        class MachineSpec {

            /**
             * Constructs a new MachineSpec.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.MachineSpec.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** MachineSpec name. */
            name: string;

            /** MachineSpec machineId. */
            machineId: string;

            /** MachineSpec guest. */
            guest?: (vmft.host.Guest.$Properties|null);

            /** MachineSpec memoryBytes. */
            memoryBytes: Long;

            /** MachineSpec mac. */
            mac: string;

            /** MachineSpec disks. */
            disks: vmft.host.Disk.$Properties[];

            /** MachineSpec arbiter. */
            arbiter: string;

            /** MachineSpec accelerator. */
            accelerator: string;

            /** MachineSpec counter. */
            counter: string;

            /** MachineSpec replication. */
            replication: string;

            /** MachineSpec protected. */
            protected: boolean;

            /** MachineSpec antiAffinity. */
            antiAffinity: string;

            /** MachineSpec hosts. */
            hosts: string[];

            /** MachineSpec onReset. */
            onReset: string;

            /** MachineSpec settings. */
            settings: string[];

            /** MachineSpec version. */
            version: Long;

            /** MachineSpec interpret. */
            interpret: boolean;

            /**
             * Encodes the specified MachineSpec message. Does not implicitly {@link vmft.host.MachineSpec.verify|verify} messages.
             * @param message MachineSpec message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.MachineSpec.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a MachineSpec message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.MachineSpec & vmft.host.MachineSpec.$Shape} MachineSpec
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.MachineSpec & vmft.host.MachineSpec.$Shape;
        }

        namespace MachineSpec {

            /** Properties of a MachineSpec. */
            interface $Properties {

                /** MachineSpec name */
                name?: (string|null);

                /** MachineSpec machineId */
                machineId?: (string|null);

                /** MachineSpec guest */
                guest?: (vmft.host.Guest.$Properties|null);

                /** MachineSpec memoryBytes */
                memoryBytes?: (Long|null);

                /** MachineSpec mac */
                mac?: (string|null);

                /** MachineSpec disks */
                disks?: (vmft.host.Disk.$Properties[]|null);

                /** MachineSpec arbiter */
                arbiter?: (string|null);

                /** MachineSpec accelerator */
                accelerator?: (string|null);

                /** MachineSpec counter */
                counter?: (string|null);

                /** MachineSpec replication */
                replication?: (string|null);

                /** MachineSpec protected */
                "protected"?: (boolean|null);

                /** MachineSpec antiAffinity */
                antiAffinity?: (string|null);

                /** MachineSpec hosts */
                hosts?: (string[]|null);

                /** MachineSpec onReset */
                onReset?: (string|null);

                /** MachineSpec settings */
                settings?: (string[]|null);

                /** MachineSpec version */
                version?: (Long|null);

                /** MachineSpec interpret */
                interpret?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a MachineSpec. */
            type $Shape = vmft.host.MachineSpec.$Properties;
        }

        /**
         * Properties of a Guest.
         * @deprecated Use vmft.host.Guest.$Properties instead.
         */
        interface IGuest extends vmft.host.Guest.$Properties {
        }

        /** Represents a Guest. */
        class Guest {

            /**
             * Constructs a new Guest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.Guest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Guest built. */
            built: string;

            /** Guest kernel. */
            kernel: string;

            /** Guest initramfs. */
            initramfs: string;

            /** Guest append. */
            append: string;

            /**
             * Encodes the specified Guest message. Does not implicitly {@link vmft.host.Guest.verify|verify} messages.
             * @param message Guest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.Guest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Guest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.Guest & vmft.host.Guest.$Shape} Guest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.Guest & vmft.host.Guest.$Shape;
        }

        namespace Guest {

            /** Properties of a Guest. */
            interface $Properties {

                /** Guest built */
                built?: (string|null);

                /** Guest kernel */
                kernel?: (string|null);

                /** Guest initramfs */
                initramfs?: (string|null);

                /** Guest append */
                append?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Guest. */
            type $Shape = vmft.host.Guest.$Properties;
        }

        /**
         * Properties of a Disk.
         * @deprecated Use vmft.host.Disk.$Properties instead.
         */
        interface IDisk extends vmft.host.Disk.$Properties {
        }

        /** Represents a Disk. */
        class Disk {

            /**
             * Constructs a new Disk.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.Disk.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Disk url. */
            url: string;

            /** Disk options. */
            options: string;

            /**
             * Encodes the specified Disk message. Does not implicitly {@link vmft.host.Disk.verify|verify} messages.
             * @param message Disk message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.Disk.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Disk message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.Disk & vmft.host.Disk.$Shape} Disk
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.Disk & vmft.host.Disk.$Shape;
        }

        namespace Disk {

            /** Properties of a Disk. */
            interface $Properties {

                /** Disk url */
                url?: (string|null);

                /** Disk options */
                options?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Disk. */
            type $Shape = vmft.host.Disk.$Properties;
        }

        /**
         * Properties of a StartRequest.
         * @deprecated Use vmft.host.StartRequest.$Properties instead.
         */
        interface IStartRequest extends vmft.host.StartRequest.$Properties {
        }

        /** Represents a StartRequest. */
        class StartRequest {

            /**
             * Constructs a new StartRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.StartRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StartRequest spec. */
            spec?: (vmft.host.MachineSpec.$Properties|null);

            /** StartRequest host. */
            host: string;

            /** StartRequest restore. */
            restore: string;

            /**
             * Encodes the specified StartRequest message. Does not implicitly {@link vmft.host.StartRequest.verify|verify} messages.
             * @param message StartRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.StartRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StartRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.StartRequest & vmft.host.StartRequest.$Shape} StartRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.StartRequest & vmft.host.StartRequest.$Shape;
        }

        namespace StartRequest {

            /** Properties of a StartRequest. */
            interface $Properties {

                /** StartRequest spec */
                spec?: (vmft.host.MachineSpec.$Properties|null);

                /** StartRequest host */
                host?: (string|null);

                /** StartRequest restore */
                restore?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StartRequest. */
            type $Shape = vmft.host.StartRequest.$Properties;
        }

        /**
         * Properties of a StartReply.
         * @deprecated Use vmft.host.StartReply.$Properties instead.
         */
        interface IStartReply extends vmft.host.StartReply.$Properties {
        }

        /** Represents a StartReply. */
        class StartReply {

            /**
             * Constructs a new StartReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.StartReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StartReply machineId. */
            machineId: string;

            /** StartReply host. */
            host: string;

            /**
             * Encodes the specified StartReply message. Does not implicitly {@link vmft.host.StartReply.verify|verify} messages.
             * @param message StartReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.StartReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StartReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.StartReply & vmft.host.StartReply.$Shape} StartReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.StartReply & vmft.host.StartReply.$Shape;
        }

        namespace StartReply {

            /** Properties of a StartReply. */
            interface $Properties {

                /** StartReply machineId */
                machineId?: (string|null);

                /** StartReply host */
                host?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StartReply. */
            type $Shape = vmft.host.StartReply.$Properties;
        }

        /**
         * Properties of a StopRequest.
         * @deprecated Use vmft.host.StopRequest.$Properties instead.
         */
        interface IStopRequest extends vmft.host.StopRequest.$Properties {
        }

        /** Represents a StopRequest. */
        class StopRequest {

            /**
             * Constructs a new StopRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.StopRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StopRequest name. */
            name: string;

            /** StopRequest hard. */
            hard: boolean;

            /**
             * Encodes the specified StopRequest message. Does not implicitly {@link vmft.host.StopRequest.verify|verify} messages.
             * @param message StopRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.StopRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StopRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.StopRequest & vmft.host.StopRequest.$Shape} StopRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.StopRequest & vmft.host.StopRequest.$Shape;
        }

        namespace StopRequest {

            /** Properties of a StopRequest. */
            interface $Properties {

                /** StopRequest name */
                name?: (string|null);

                /** StopRequest hard */
                hard?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StopRequest. */
            type $Shape = vmft.host.StopRequest.$Properties;
        }

        /**
         * Properties of a StopReply.
         * @deprecated Use vmft.host.StopReply.$Properties instead.
         */
        interface IStopReply extends vmft.host.StopReply.$Properties {
        }

        /** Represents a StopReply. */
        class StopReply {

            /**
             * Constructs a new StopReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.StopReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified StopReply message. Does not implicitly {@link vmft.host.StopReply.verify|verify} messages.
             * @param message StopReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.StopReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StopReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.StopReply & vmft.host.StopReply.$Shape} StopReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.StopReply & vmft.host.StopReply.$Shape;
        }

        namespace StopReply {

            /** Properties of a StopReply. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StopReply. */
            type $Shape = vmft.host.StopReply.$Properties;
        }

        /**
         * Properties of a ResetRequest.
         * @deprecated Use vmft.host.ResetRequest.$Properties instead.
         */
        interface IResetRequest extends vmft.host.ResetRequest.$Properties {
        }

        /** Represents a ResetRequest. */
        class ResetRequest {

            /**
             * Constructs a new ResetRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.ResetRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ResetRequest name. */
            name: string;

            /**
             * Encodes the specified ResetRequest message. Does not implicitly {@link vmft.host.ResetRequest.verify|verify} messages.
             * @param message ResetRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.ResetRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ResetRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.ResetRequest & vmft.host.ResetRequest.$Shape} ResetRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.ResetRequest & vmft.host.ResetRequest.$Shape;
        }

        namespace ResetRequest {

            /** Properties of a ResetRequest. */
            interface $Properties {

                /** ResetRequest name */
                name?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ResetRequest. */
            type $Shape = vmft.host.ResetRequest.$Properties;
        }

        /**
         * Properties of a ResetReply.
         * @deprecated Use vmft.host.ResetReply.$Properties instead.
         */
        interface IResetReply extends vmft.host.ResetReply.$Properties {
        }

        /** Represents a ResetReply. */
        class ResetReply {

            /**
             * Constructs a new ResetReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.ResetReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified ResetReply message. Does not implicitly {@link vmft.host.ResetReply.verify|verify} messages.
             * @param message ResetReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.ResetReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ResetReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.ResetReply & vmft.host.ResetReply.$Shape} ResetReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.ResetReply & vmft.host.ResetReply.$Shape;
        }

        namespace ResetReply {

            /** Properties of a ResetReply. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ResetReply. */
            type $Shape = vmft.host.ResetReply.$Properties;
        }

        /**
         * Properties of a ProtectRequest.
         * @deprecated Use vmft.host.ProtectRequest.$Properties instead.
         */
        interface IProtectRequest extends vmft.host.ProtectRequest.$Properties {
        }

        /** Represents a ProtectRequest. */
        class ProtectRequest {

            /**
             * Constructs a new ProtectRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.ProtectRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ProtectRequest name. */
            name: string;

            /** ProtectRequest host. */
            host: string;

            /**
             * Encodes the specified ProtectRequest message. Does not implicitly {@link vmft.host.ProtectRequest.verify|verify} messages.
             * @param message ProtectRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.ProtectRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ProtectRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.ProtectRequest & vmft.host.ProtectRequest.$Shape} ProtectRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.ProtectRequest & vmft.host.ProtectRequest.$Shape;
        }

        namespace ProtectRequest {

            /** Properties of a ProtectRequest. */
            interface $Properties {

                /** ProtectRequest name */
                name?: (string|null);

                /** ProtectRequest host */
                host?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ProtectRequest. */
            type $Shape = vmft.host.ProtectRequest.$Properties;
        }

        /**
         * Properties of an UnprotectRequest.
         * @deprecated Use vmft.host.UnprotectRequest.$Properties instead.
         */
        interface IUnprotectRequest extends vmft.host.UnprotectRequest.$Properties {
        }

        /** Represents an UnprotectRequest. */
        class UnprotectRequest {

            /**
             * Constructs a new UnprotectRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.UnprotectRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** UnprotectRequest name. */
            name: string;

            /**
             * Encodes the specified UnprotectRequest message. Does not implicitly {@link vmft.host.UnprotectRequest.verify|verify} messages.
             * @param message UnprotectRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.UnprotectRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an UnprotectRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.UnprotectRequest & vmft.host.UnprotectRequest.$Shape} UnprotectRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.UnprotectRequest & vmft.host.UnprotectRequest.$Shape;
        }

        namespace UnprotectRequest {

            /** Properties of an UnprotectRequest. */
            interface $Properties {

                /** UnprotectRequest name */
                name?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an UnprotectRequest. */
            type $Shape = vmft.host.UnprotectRequest.$Properties;
        }

        /**
         * Properties of a FailoverRequest.
         * @deprecated Use vmft.host.FailoverRequest.$Properties instead.
         */
        interface IFailoverRequest extends vmft.host.FailoverRequest.$Properties {
        }

        /** Represents a FailoverRequest. */
        class FailoverRequest {

            /**
             * Constructs a new FailoverRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.FailoverRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** FailoverRequest name. */
            name: string;

            /**
             * Encodes the specified FailoverRequest message. Does not implicitly {@link vmft.host.FailoverRequest.verify|verify} messages.
             * @param message FailoverRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.FailoverRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a FailoverRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.FailoverRequest & vmft.host.FailoverRequest.$Shape} FailoverRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.FailoverRequest & vmft.host.FailoverRequest.$Shape;
        }

        namespace FailoverRequest {

            /** Properties of a FailoverRequest. */
            interface $Properties {

                /** FailoverRequest name */
                name?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a FailoverRequest. */
            type $Shape = vmft.host.FailoverRequest.$Properties;
        }

        /**
         * Properties of a MoveRequest.
         * @deprecated Use vmft.host.MoveRequest.$Properties instead.
         */
        interface IMoveRequest extends vmft.host.MoveRequest.$Properties {
        }

        /** Represents a MoveRequest. */
        class MoveRequest {

            /**
             * Constructs a new MoveRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.MoveRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** MoveRequest name. */
            name: string;

            /** MoveRequest replica. */
            replica: string;

            /** MoveRequest to. */
            to: string;

            /**
             * Encodes the specified MoveRequest message. Does not implicitly {@link vmft.host.MoveRequest.verify|verify} messages.
             * @param message MoveRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.MoveRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a MoveRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.MoveRequest & vmft.host.MoveRequest.$Shape} MoveRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.MoveRequest & vmft.host.MoveRequest.$Shape;
        }

        namespace MoveRequest {

            /** Properties of a MoveRequest. */
            interface $Properties {

                /** MoveRequest name */
                name?: (string|null);

                /** MoveRequest replica */
                replica?: (string|null);

                /** MoveRequest to */
                to?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a MoveRequest. */
            type $Shape = vmft.host.MoveRequest.$Properties;
        }

        /**
         * Properties of a SetRequest.
         * @deprecated Use vmft.host.SetRequest.$Properties instead.
         */
        interface ISetRequest extends vmft.host.SetRequest.$Properties {
        }

        /** Represents a SetRequest. */
        class SetRequest {

            /**
             * Constructs a new SetRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.SetRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** SetRequest name. */
            name: string;

            /** SetRequest cpuSharePermille. */
            cpuSharePermille: number;

            /**
             * Encodes the specified SetRequest message. Does not implicitly {@link vmft.host.SetRequest.verify|verify} messages.
             * @param message SetRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.SetRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SetRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.SetRequest & vmft.host.SetRequest.$Shape} SetRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.SetRequest & vmft.host.SetRequest.$Shape;
        }

        namespace SetRequest {

            /** Properties of a SetRequest. */
            interface $Properties {

                /** SetRequest name */
                name?: (string|null);

                /** SetRequest cpuSharePermille */
                cpuSharePermille?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SetRequest. */
            type $Shape = vmft.host.SetRequest.$Properties;
        }

        /**
         * Properties of a SetReply.
         * @deprecated Use vmft.host.SetReply.$Properties instead.
         */
        interface ISetReply extends vmft.host.SetReply.$Properties {
        }

        /** Represents a SetReply. */
        class SetReply {

            /**
             * Constructs a new SetReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.SetReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified SetReply message. Does not implicitly {@link vmft.host.SetReply.verify|verify} messages.
             * @param message SetReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.SetReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SetReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.SetReply & vmft.host.SetReply.$Shape} SetReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.SetReply & vmft.host.SetReply.$Shape;
        }

        namespace SetReply {

            /** Properties of a SetReply. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SetReply. */
            type $Shape = vmft.host.SetReply.$Properties;
        }

        /**
         * Properties of a SnapshotRequest.
         * @deprecated Use vmft.host.SnapshotRequest.$Properties instead.
         */
        interface ISnapshotRequest extends vmft.host.SnapshotRequest.$Properties {
        }

        /** Represents a SnapshotRequest. */
        class SnapshotRequest {

            /**
             * Constructs a new SnapshotRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.SnapshotRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** SnapshotRequest name. */
            name: string;

            /** SnapshotRequest path. */
            path: string;

            /**
             * Encodes the specified SnapshotRequest message. Does not implicitly {@link vmft.host.SnapshotRequest.verify|verify} messages.
             * @param message SnapshotRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.SnapshotRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SnapshotRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.SnapshotRequest & vmft.host.SnapshotRequest.$Shape} SnapshotRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.SnapshotRequest & vmft.host.SnapshotRequest.$Shape;
        }

        namespace SnapshotRequest {

            /** Properties of a SnapshotRequest. */
            interface $Properties {

                /** SnapshotRequest name */
                name?: (string|null);

                /** SnapshotRequest path */
                path?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SnapshotRequest. */
            type $Shape = vmft.host.SnapshotRequest.$Properties;
        }

        /**
         * Properties of an OperationProgress.
         * @deprecated Use vmft.host.OperationProgress.$Properties instead.
         */
        interface IOperationProgress extends vmft.host.OperationProgress.$Properties {
        }

        /** Represents an OperationProgress. */
        class OperationProgress {

            /**
             * Constructs a new OperationProgress.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.OperationProgress.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** OperationProgress step. */
            step: string;

            /** OperationProgress sentBytes. */
            sentBytes: Long;

            /** OperationProgress leftBytes. */
            leftBytes: Long;

            /** OperationProgress bytesPerSecond. */
            bytesPerSecond: Long;

            /** OperationProgress pauseMs. */
            pauseMs: number;

            /** OperationProgress done. */
            done: boolean;

            /**
             * Encodes the specified OperationProgress message. Does not implicitly {@link vmft.host.OperationProgress.verify|verify} messages.
             * @param message OperationProgress message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.OperationProgress.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an OperationProgress message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.OperationProgress & vmft.host.OperationProgress.$Shape} OperationProgress
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.OperationProgress & vmft.host.OperationProgress.$Shape;
        }

        namespace OperationProgress {

            /** Properties of an OperationProgress. */
            interface $Properties {

                /** OperationProgress step */
                step?: (string|null);

                /** OperationProgress sentBytes */
                sentBytes?: (Long|null);

                /** OperationProgress leftBytes */
                leftBytes?: (Long|null);

                /** OperationProgress bytesPerSecond */
                bytesPerSecond?: (Long|null);

                /** OperationProgress pauseMs */
                pauseMs?: (number|null);

                /** OperationProgress done */
                done?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an OperationProgress. */
            type $Shape = vmft.host.OperationProgress.$Properties;
        }

        /**
         * Properties of a StatusRequest.
         * @deprecated Use vmft.host.StatusRequest.$Properties instead.
         */
        interface IStatusRequest extends vmft.host.StatusRequest.$Properties {
        }

        /** Represents a StatusRequest. */
        class StatusRequest {

            /**
             * Constructs a new StatusRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.StatusRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StatusRequest name. */
            name: string;

            /** StatusRequest thisHostOnly. */
            thisHostOnly: boolean;

            /**
             * Encodes the specified StatusRequest message. Does not implicitly {@link vmft.host.StatusRequest.verify|verify} messages.
             * @param message StatusRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.StatusRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StatusRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.StatusRequest & vmft.host.StatusRequest.$Shape} StatusRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.StatusRequest & vmft.host.StatusRequest.$Shape;
        }

        namespace StatusRequest {

            /** Properties of a StatusRequest. */
            interface $Properties {

                /** StatusRequest name */
                name?: (string|null);

                /** StatusRequest thisHostOnly */
                thisHostOnly?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StatusRequest. */
            type $Shape = vmft.host.StatusRequest.$Properties;
        }

        /**
         * Properties of a StatusReply.
         * @deprecated Use vmft.host.StatusReply.$Properties instead.
         */
        interface IStatusReply extends vmft.host.StatusReply.$Properties {
        }

        /** Represents a StatusReply. */
        class StatusReply {

            /**
             * Constructs a new StatusReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.StatusReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StatusReply hosts. */
            hosts: vmft.host.HostDescription.$Properties[];

            /** StatusReply machines. */
            machines: vmft.host.MachineStatus.$Properties[];

            /**
             * Encodes the specified StatusReply message. Does not implicitly {@link vmft.host.StatusReply.verify|verify} messages.
             * @param message StatusReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.StatusReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StatusReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.StatusReply & vmft.host.StatusReply.$Shape} StatusReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.StatusReply & vmft.host.StatusReply.$Shape;
        }

        namespace StatusReply {

            /** Properties of a StatusReply. */
            interface $Properties {

                /** StatusReply hosts */
                hosts?: (vmft.host.HostDescription.$Properties[]|null);

                /** StatusReply machines */
                machines?: (vmft.host.MachineStatus.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StatusReply. */
            type $Shape = vmft.host.StatusReply.$Properties;
        }

        /**
         * Properties of a HostDescription.
         * @deprecated Use vmft.host.HostDescription.$Properties instead.
         */
        interface IHostDescription extends vmft.host.HostDescription.$Properties {
        }

        /** Represents a HostDescription. */
        class HostDescription {

            /**
             * Constructs a new HostDescription.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.HostDescription.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** HostDescription name. */
            name: string;

            /** HostDescription address. */
            address: string;

            /** HostDescription unreachable. */
            unreachable: string;

            /** HostDescription vmft. */
            vmft: string;

            /** HostDescription memoryBytes. */
            memoryBytes: Long;

            /** HostDescription memoryFreeBytes. */
            memoryFreeBytes: Long;

            /** HostDescription labels. */
            labels: { [k: string]: string };

            /** HostDescription accelerators. */
            accelerators: string[];

            /** HostDescription replicas. */
            replicas: vmft.host.ReplicaDescription.$Properties[];

            /** HostDescription startedRealtimeMs. */
            startedRealtimeMs: Long;

            /**
             * Encodes the specified HostDescription message. Does not implicitly {@link vmft.host.HostDescription.verify|verify} messages.
             * @param message HostDescription message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.HostDescription.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a HostDescription message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.HostDescription & vmft.host.HostDescription.$Shape} HostDescription
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.HostDescription & vmft.host.HostDescription.$Shape;
        }

        namespace HostDescription {

            /** Properties of a HostDescription. */
            interface $Properties {

                /** HostDescription name */
                name?: (string|null);

                /** HostDescription address */
                address?: (string|null);

                /** HostDescription unreachable */
                unreachable?: (string|null);

                /** HostDescription vmft */
                vmft?: (string|null);

                /** HostDescription memoryBytes */
                memoryBytes?: (Long|null);

                /** HostDescription memoryFreeBytes */
                memoryFreeBytes?: (Long|null);

                /** HostDescription labels */
                labels?: ({ [k: string]: string }|null);

                /** HostDescription accelerators */
                accelerators?: (string[]|null);

                /** HostDescription replicas */
                replicas?: (vmft.host.ReplicaDescription.$Properties[]|null);

                /** HostDescription startedRealtimeMs */
                startedRealtimeMs?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a HostDescription. */
            type $Shape = vmft.host.HostDescription.$Properties;
        }

        /**
         * Properties of a ReplicaDescription.
         * @deprecated Use vmft.host.ReplicaDescription.$Properties instead.
         */
        interface IReplicaDescription extends vmft.host.ReplicaDescription.$Properties {
        }

        /** Represents a ReplicaDescription. */
        class ReplicaDescription {

            /**
             * Constructs a new ReplicaDescription.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.ReplicaDescription.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ReplicaDescription spec. */
            spec?: (vmft.host.MachineSpec.$Properties|null);

            /** ReplicaDescription replicaId. */
            replicaId: string;

            /** ReplicaDescription role. */
            role: string;

            /** ReplicaDescription phase. */
            phase: string;

            /** ReplicaDescription generation. */
            generation: Long;

            /** ReplicaDescription listening. */
            listening: string;

            /** ReplicaDescription trouble. */
            trouble: string;

            /** ReplicaDescription unprotectedMs. */
            unprotectedMs: Long;

            /** ReplicaDescription operation. */
            operation: string;

            /** ReplicaDescription memoryBytes. */
            memoryBytes: Long;

            /** ReplicaDescription replication. */
            replication: string;

            /** ReplicaDescription sinceRealtimeMs. */
            sinceRealtimeMs: Long;

            /** ReplicaDescription lastFailure. */
            lastFailure: string;

            /**
             * Encodes the specified ReplicaDescription message. Does not implicitly {@link vmft.host.ReplicaDescription.verify|verify} messages.
             * @param message ReplicaDescription message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.ReplicaDescription.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ReplicaDescription message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.ReplicaDescription & vmft.host.ReplicaDescription.$Shape} ReplicaDescription
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.ReplicaDescription & vmft.host.ReplicaDescription.$Shape;
        }

        namespace ReplicaDescription {

            /** Properties of a ReplicaDescription. */
            interface $Properties {

                /** ReplicaDescription spec */
                spec?: (vmft.host.MachineSpec.$Properties|null);

                /** ReplicaDescription replicaId */
                replicaId?: (string|null);

                /** ReplicaDescription role */
                role?: (string|null);

                /** ReplicaDescription phase */
                phase?: (string|null);

                /** ReplicaDescription generation */
                generation?: (Long|null);

                /** ReplicaDescription listening */
                listening?: (string|null);

                /** ReplicaDescription trouble */
                trouble?: (string|null);

                /** ReplicaDescription unprotectedMs */
                unprotectedMs?: (Long|null);

                /** ReplicaDescription operation */
                operation?: (string|null);

                /** ReplicaDescription memoryBytes */
                memoryBytes?: (Long|null);

                /** ReplicaDescription replication */
                replication?: (string|null);

                /** ReplicaDescription sinceRealtimeMs */
                sinceRealtimeMs?: (Long|null);

                /** ReplicaDescription lastFailure */
                lastFailure?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ReplicaDescription. */
            type $Shape = vmft.host.ReplicaDescription.$Properties;
        }

        /**
         * Properties of a MachineStatus.
         * @deprecated Use vmft.host.MachineStatus.$Properties instead.
         */
        interface IMachineStatus extends vmft.host.MachineStatus.$Properties {
        }

        /** Represents a MachineStatus. */
        class MachineStatus {

            /**
             * Constructs a new MachineStatus.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.MachineStatus.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** MachineStatus name. */
            name: string;

            /** MachineStatus state. */
            state: string;

            /** MachineStatus primary. */
            primary: string;

            /** MachineStatus backup. */
            backup: string;

            /** MachineStatus note. */
            note: string;

            /** MachineStatus generation. */
            generation: Long;

            /**
             * Encodes the specified MachineStatus message. Does not implicitly {@link vmft.host.MachineStatus.verify|verify} messages.
             * @param message MachineStatus message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.MachineStatus.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a MachineStatus message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.MachineStatus & vmft.host.MachineStatus.$Shape} MachineStatus
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.MachineStatus & vmft.host.MachineStatus.$Shape;
        }

        namespace MachineStatus {

            /** Properties of a MachineStatus. */
            interface $Properties {

                /** MachineStatus name */
                name?: (string|null);

                /** MachineStatus state */
                state?: (string|null);

                /** MachineStatus primary */
                primary?: (string|null);

                /** MachineStatus backup */
                backup?: (string|null);

                /** MachineStatus note */
                note?: (string|null);

                /** MachineStatus generation */
                generation?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a MachineStatus. */
            type $Shape = vmft.host.MachineStatus.$Properties;
        }

        /**
         * Properties of a ConsoleInput.
         * @deprecated Use vmft.host.ConsoleInput.$Properties instead.
         */
        interface IConsoleInput extends vmft.host.ConsoleInput.$Properties {
        }

        /** Represents a ConsoleInput. */
        class ConsoleInput {

            /**
             * Constructs a new ConsoleInput.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.ConsoleInput.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ConsoleInput name. */
            name: string;

            /** ConsoleInput data. */
            data: Uint8Array;

            /**
             * Encodes the specified ConsoleInput message. Does not implicitly {@link vmft.host.ConsoleInput.verify|verify} messages.
             * @param message ConsoleInput message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.ConsoleInput.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ConsoleInput message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.ConsoleInput & vmft.host.ConsoleInput.$Shape} ConsoleInput
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.ConsoleInput & vmft.host.ConsoleInput.$Shape;
        }

        namespace ConsoleInput {

            /** Properties of a ConsoleInput. */
            interface $Properties {

                /** ConsoleInput name */
                name?: (string|null);

                /** ConsoleInput data */
                data?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ConsoleInput. */
            type $Shape = vmft.host.ConsoleInput.$Properties;
        }

        /**
         * Properties of a ConsoleOutput.
         * @deprecated Use vmft.host.ConsoleOutput.$Properties instead.
         */
        interface IConsoleOutput extends vmft.host.ConsoleOutput.$Properties {
        }

        /** Represents a ConsoleOutput. */
        class ConsoleOutput {

            /**
             * Constructs a new ConsoleOutput.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.ConsoleOutput.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ConsoleOutput data. */
            data: Uint8Array;

            /**
             * Encodes the specified ConsoleOutput message. Does not implicitly {@link vmft.host.ConsoleOutput.verify|verify} messages.
             * @param message ConsoleOutput message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.ConsoleOutput.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ConsoleOutput message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.ConsoleOutput & vmft.host.ConsoleOutput.$Shape} ConsoleOutput
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.ConsoleOutput & vmft.host.ConsoleOutput.$Shape;
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
            type $Shape = vmft.host.ConsoleOutput.$Properties;
        }

        /**
         * Properties of a DescribeRequest.
         * @deprecated Use vmft.host.DescribeRequest.$Properties instead.
         */
        interface IDescribeRequest extends vmft.host.DescribeRequest.$Properties {
        }

        /** Represents a DescribeRequest. */
        class DescribeRequest {

            /**
             * Constructs a new DescribeRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.DescribeRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified DescribeRequest message. Does not implicitly {@link vmft.host.DescribeRequest.verify|verify} messages.
             * @param message DescribeRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.DescribeRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a DescribeRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.DescribeRequest & vmft.host.DescribeRequest.$Shape} DescribeRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.DescribeRequest & vmft.host.DescribeRequest.$Shape;
        }

        namespace DescribeRequest {

            /** Properties of a DescribeRequest. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a DescribeRequest. */
            type $Shape = vmft.host.DescribeRequest.$Properties;
        }

        /**
         * Properties of a StartBackupRequest.
         * @deprecated Use vmft.host.StartBackupRequest.$Properties instead.
         */
        interface IStartBackupRequest extends vmft.host.StartBackupRequest.$Properties {
        }

        /** Represents a StartBackupRequest. */
        class StartBackupRequest {

            /**
             * Constructs a new StartBackupRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.StartBackupRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StartBackupRequest spec. */
            spec?: (vmft.host.MachineSpec.$Properties|null);

            /** StartBackupRequest primary. */
            primary: string;

            /** StartBackupRequest generation. */
            generation: Long;

            /** StartBackupRequest askedBy. */
            askedBy: string;

            /**
             * Encodes the specified StartBackupRequest message. Does not implicitly {@link vmft.host.StartBackupRequest.verify|verify} messages.
             * @param message StartBackupRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.StartBackupRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StartBackupRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.StartBackupRequest & vmft.host.StartBackupRequest.$Shape} StartBackupRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.StartBackupRequest & vmft.host.StartBackupRequest.$Shape;
        }

        namespace StartBackupRequest {

            /** Properties of a StartBackupRequest. */
            interface $Properties {

                /** StartBackupRequest spec */
                spec?: (vmft.host.MachineSpec.$Properties|null);

                /** StartBackupRequest primary */
                primary?: (string|null);

                /** StartBackupRequest generation */
                generation?: (Long|null);

                /** StartBackupRequest askedBy */
                askedBy?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StartBackupRequest. */
            type $Shape = vmft.host.StartBackupRequest.$Properties;
        }

        /**
         * Properties of a StartBackupReply.
         * @deprecated Use vmft.host.StartBackupReply.$Properties instead.
         */
        interface IStartBackupReply extends vmft.host.StartBackupReply.$Properties {
        }

        /** Represents a StartBackupReply. */
        class StartBackupReply {

            /**
             * Constructs a new StartBackupReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.StartBackupReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StartBackupReply replica. */
            replica: string;

            /**
             * Encodes the specified StartBackupReply message. Does not implicitly {@link vmft.host.StartBackupReply.verify|verify} messages.
             * @param message StartBackupReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.StartBackupReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StartBackupReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.StartBackupReply & vmft.host.StartBackupReply.$Shape} StartBackupReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.StartBackupReply & vmft.host.StartBackupReply.$Shape;
        }

        namespace StartBackupReply {

            /** Properties of a StartBackupReply. */
            interface $Properties {

                /** StartBackupReply replica */
                replica?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StartBackupReply. */
            type $Shape = vmft.host.StartBackupReply.$Properties;
        }

        /**
         * Properties of a StopBackupRequest.
         * @deprecated Use vmft.host.StopBackupRequest.$Properties instead.
         */
        interface IStopBackupRequest extends vmft.host.StopBackupRequest.$Properties {
        }

        /** Represents a StopBackupRequest. */
        class StopBackupRequest {

            /**
             * Constructs a new StopBackupRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.StopBackupRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StopBackupRequest name. */
            name: string;

            /** StopBackupRequest machineId. */
            machineId: string;

            /** StopBackupRequest why. */
            why: string;

            /**
             * Encodes the specified StopBackupRequest message. Does not implicitly {@link vmft.host.StopBackupRequest.verify|verify} messages.
             * @param message StopBackupRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.StopBackupRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StopBackupRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.StopBackupRequest & vmft.host.StopBackupRequest.$Shape} StopBackupRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.StopBackupRequest & vmft.host.StopBackupRequest.$Shape;
        }

        namespace StopBackupRequest {

            /** Properties of a StopBackupRequest. */
            interface $Properties {

                /** StopBackupRequest name */
                name?: (string|null);

                /** StopBackupRequest machineId */
                machineId?: (string|null);

                /** StopBackupRequest why */
                why?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StopBackupRequest. */
            type $Shape = vmft.host.StopBackupRequest.$Properties;
        }

        /**
         * Properties of a StopBackupReply.
         * @deprecated Use vmft.host.StopBackupReply.$Properties instead.
         */
        interface IStopBackupReply extends vmft.host.StopBackupReply.$Properties {
        }

        /** Represents a StopBackupReply. */
        class StopBackupReply {

            /**
             * Constructs a new StopBackupReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.host.StopBackupReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified StopBackupReply message. Does not implicitly {@link vmft.host.StopBackupReply.verify|verify} messages.
             * @param message StopBackupReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.host.StopBackupReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StopBackupReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.host.StopBackupReply & vmft.host.StopBackupReply.$Shape} StopBackupReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.host.StopBackupReply & vmft.host.StopBackupReply.$Shape;
        }

        namespace StopBackupReply {

            /** Properties of a StopBackupReply. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StopBackupReply. */
            type $Shape = vmft.host.StopBackupReply.$Properties;
        }
    }
}
