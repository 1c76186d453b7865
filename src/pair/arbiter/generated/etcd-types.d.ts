// Generated from proto/etcd.proto by scripts/generate-proto.mjs. Do not edit.
import * as $protobuf from "protobufjs";
import Long = require("long");

/** Namespace vmft. */
export namespace vmft {

    /** Namespace etcd. */
    namespace etcd {

        /**
         * Properties of a KeyValue.
         * @deprecated Use vmft.etcd.KeyValue.$Properties instead.
         */
        interface IKeyValue extends vmft.etcd.KeyValue.$Properties {
        }

        /** Represents a KeyValue. */
        class KeyValue {

            /**
             * Constructs a new KeyValue.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.etcd.KeyValue.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** KeyValue key. */
            key: Uint8Array;

            /** KeyValue createRevision. */
            createRevision: Long;

            /** KeyValue value. */
            value: Uint8Array;

            /**
             * Encodes the specified KeyValue message. Does not implicitly {@link vmft.etcd.KeyValue.verify|verify} messages.
             * @param message KeyValue message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.etcd.KeyValue.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a KeyValue message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.etcd.KeyValue & vmft.etcd.KeyValue.$Shape} KeyValue
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.etcd.KeyValue & vmft.etcd.KeyValue.$Shape;
        }

        namespace KeyValue {

            /** Properties of a KeyValue. */
            interface $Properties {

                /** KeyValue key */
                key?: (Uint8Array|null);

                /** KeyValue createRevision */
                createRevision?: (Long|null);

                /** KeyValue value */
                value?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a KeyValue. */
            type $Shape = vmft.etcd.KeyValue.$Properties;
        }

        /**
         * Properties of a RangeRequest.
         * @deprecated Use vmft.etcd.RangeRequest.$Properties instead.
         */
        interface IRangeRequest extends vmft.etcd.RangeRequest.$Properties {
        }

        /** Represents a RangeRequest. */
        class RangeRequest {

            /**
             * Constructs a new RangeRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.etcd.RangeRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** RangeRequest key. */
            key: Uint8Array;

            /** RangeRequest rangeEnd. */
            rangeEnd: Uint8Array;

            /** RangeRequest limit. */
            limit: Long;

            /** RangeRequest serializable. */
            serializable: boolean;

            /** RangeRequest keysOnly. */
            keysOnly: boolean;

            /**
             * Encodes the specified RangeRequest message. Does not implicitly {@link vmft.etcd.RangeRequest.verify|verify} messages.
             * @param message RangeRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.etcd.RangeRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a RangeRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.etcd.RangeRequest & vmft.etcd.RangeRequest.$Shape} RangeRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.etcd.RangeRequest & vmft.etcd.RangeRequest.$Shape;
        }

        namespace RangeRequest {

            /** Properties of a RangeRequest. */
            interface $Properties {

                /** RangeRequest key */
                key?: (Uint8Array|null);

                /** RangeRequest rangeEnd */
                rangeEnd?: (Uint8Array|null);

                /** RangeRequest limit */
                limit?: (Long|null);

                /** RangeRequest serializable */
                serializable?: (boolean|null);

                /** RangeRequest keysOnly */
                keysOnly?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a RangeRequest. */
            type $Shape = vmft.etcd.RangeRequest.$Properties;
        }

        /**
         * Properties of a ResponseHeader.
         * @deprecated Use vmft.etcd.ResponseHeader.$Properties instead.
         */
        interface IResponseHeader extends vmft.etcd.ResponseHeader.$Properties {
        }

        /** Represents a ResponseHeader. */
        class ResponseHeader {

            /**
             * Constructs a new ResponseHeader.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.etcd.ResponseHeader.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ResponseHeader clusterId. */
            clusterId: Long;

            /**
             * Encodes the specified ResponseHeader message. Does not implicitly {@link vmft.etcd.ResponseHeader.verify|verify} messages.
             * @param message ResponseHeader message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.etcd.ResponseHeader.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ResponseHeader message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.etcd.ResponseHeader & vmft.etcd.ResponseHeader.$Shape} ResponseHeader
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.etcd.ResponseHeader & vmft.etcd.ResponseHeader.$Shape;
        }

        namespace ResponseHeader {

            /** Properties of a ResponseHeader. */
            interface $Properties {

                /** ResponseHeader clusterId */
                clusterId?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ResponseHeader. */
            type $Shape = vmft.etcd.ResponseHeader.$Properties;
        }

        /**
         * Properties of a RangeResponse.
         * @deprecated Use vmft.etcd.RangeResponse.$Properties instead.
         */
        interface IRangeResponse extends vmft.etcd.RangeResponse.$Properties {
        }

        /** Represents a RangeResponse. */
        class RangeResponse {

            /**
             * Constructs a new RangeResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.etcd.RangeResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** RangeResponse header. */
            header?: (vmft.etcd.ResponseHeader.$Properties|null);

            /** RangeResponse kvs. */
            kvs: vmft.etcd.KeyValue.$Properties[];

            /** RangeResponse more. */
            more: boolean;

            /**
             * Encodes the specified RangeResponse message. Does not implicitly {@link vmft.etcd.RangeResponse.verify|verify} messages.
             * @param message RangeResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.etcd.RangeResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a RangeResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.etcd.RangeResponse & vmft.etcd.RangeResponse.$Shape} RangeResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.etcd.RangeResponse & vmft.etcd.RangeResponse.$Shape;
        }

        namespace RangeResponse {

            /** Properties of a RangeResponse. */
            interface $Properties {

                /** RangeResponse header */
                header?: (vmft.etcd.ResponseHeader.$Properties|null);

                /** RangeResponse kvs */
                kvs?: (vmft.etcd.KeyValue.$Properties[]|null);

                /** RangeResponse more */
                more?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a RangeResponse. */
            type $Shape = vmft.etcd.RangeResponse.$Properties;
        }

        /**
         * Properties of a PutRequest.
         * @deprecated Use vmft.etcd.PutRequest.$Properties instead.
         */
        interface IPutRequest extends vmft.etcd.PutRequest.$Properties {
        }

        /** Represents a PutRequest. */
        class PutRequest {

            /**
             * Constructs a new PutRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.etcd.PutRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** PutRequest key. */
            key: Uint8Array;

            /** PutRequest value. */
            value: Uint8Array;

            /**
             * Encodes the specified PutRequest message. Does not implicitly {@link vmft.etcd.PutRequest.verify|verify} messages.
             * @param message PutRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.etcd.PutRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a PutRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.etcd.PutRequest & vmft.etcd.PutRequest.$Shape} PutRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.etcd.PutRequest & vmft.etcd.PutRequest.$Shape;
        }

        namespace PutRequest {

            /** Properties of a PutRequest. */
            interface $Properties {

                /** PutRequest key */
                key?: (Uint8Array|null);

                /** PutRequest value */
                value?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a PutRequest. */
            type $Shape = vmft.etcd.PutRequest.$Properties;
        }

        /**
         * Properties of a PutResponse.
         * @deprecated Use vmft.etcd.PutResponse.$Properties instead.
         */
        interface IPutResponse extends vmft.etcd.PutResponse.$Properties {
        }

        /** Represents a PutResponse. */
        class PutResponse {

            /**
             * Constructs a new PutResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.etcd.PutResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified PutResponse message. Does not implicitly {@link vmft.etcd.PutResponse.verify|verify} messages.
             * @param message PutResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.etcd.PutResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a PutResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.etcd.PutResponse & vmft.etcd.PutResponse.$Shape} PutResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.etcd.PutResponse & vmft.etcd.PutResponse.$Shape;
        }

        namespace PutResponse {

            /** Properties of a PutResponse. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a PutResponse. */
            type $Shape = vmft.etcd.PutResponse.$Properties;
        }

        /**
         * Properties of a RequestOp.
         * @deprecated Use vmft.etcd.RequestOp.$Properties instead.
         */
        interface IRequestOp extends vmft.etcd.RequestOp.$Properties {
        }

        /** Represents a RequestOp. */
        class RequestOp {

            /**
             * Constructs a new RequestOp.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.etcd.RequestOp.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** RequestOp requestRange. */
            requestRange?: (vmft.etcd.RangeRequest.$Properties|null);

            /** RequestOp requestPut. */
            requestPut?: (vmft.etcd.PutRequest.$Properties|null);

            /** RequestOp request. */
            request?: ("requestRange"|"requestPut");

            /**
             * Encodes the specified RequestOp message. Does not implicitly {@link vmft.etcd.RequestOp.verify|verify} messages.
             * @param message RequestOp message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.etcd.RequestOp.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a RequestOp message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.etcd.RequestOp & vmft.etcd.RequestOp.$Shape} RequestOp
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.etcd.RequestOp & vmft.etcd.RequestOp.$Shape;
        }

        namespace RequestOp {

            /** Properties of a RequestOp. */
            interface $Properties {

                /** RequestOp requestRange */
                requestRange?: (vmft.etcd.RangeRequest.$Properties|null);

                /** RequestOp requestPut */
                requestPut?: (vmft.etcd.PutRequest.$Properties|null);

                /** RequestOp request */
                request?: ("requestRange"|"requestPut");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a RequestOp. */
            type $Shape = {
              requestRange?: vmft.etcd.RangeRequest.$Shape|null;
              requestPut?: vmft.etcd.PutRequest.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ request?: undefined; requestRange?: null; requestPut?: null }|{ request?: "requestRange"; requestRange: vmft.etcd.RangeRequest.$Shape; requestPut?: null }|{ request?: "requestPut"; requestRange?: null; requestPut: vmft.etcd.PutRequest.$Shape })
            );
        }

        /**
         * Properties of a ResponseOp.
         * @deprecated Use vmft.etcd.ResponseOp.$Properties instead.
         */
        interface IResponseOp extends vmft.etcd.ResponseOp.$Properties {
        }

        /** Represents a ResponseOp. */
        class ResponseOp {

            /**
             * Constructs a new ResponseOp.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.etcd.ResponseOp.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ResponseOp responseRange. */
            responseRange?: (vmft.etcd.RangeResponse.$Properties|null);

            /** ResponseOp responsePut. */
            responsePut?: (vmft.etcd.PutResponse.$Properties|null);

            /** ResponseOp response. */
            response?: ("responseRange"|"responsePut");

            /**
             * Encodes the specified ResponseOp message. Does not implicitly {@link vmft.etcd.ResponseOp.verify|verify} messages.
             * @param message ResponseOp message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.etcd.ResponseOp.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ResponseOp message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.etcd.ResponseOp & vmft.etcd.ResponseOp.$Shape} ResponseOp
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.etcd.ResponseOp & vmft.etcd.ResponseOp.$Shape;
        }

        namespace ResponseOp {

            /** Properties of a ResponseOp. */
            interface $Properties {

                /** ResponseOp responseRange */
                responseRange?: (vmft.etcd.RangeResponse.$Properties|null);

                /** ResponseOp responsePut */
                responsePut?: (vmft.etcd.PutResponse.$Properties|null);

                /** ResponseOp response */
                response?: ("responseRange"|"responsePut");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a ResponseOp. */
            type $Shape = {
              responseRange?: vmft.etcd.RangeResponse.$Shape|null;
              responsePut?: vmft.etcd.PutResponse.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ response?: undefined; responseRange?: null; responsePut?: null }|{ response?: "responseRange"; responseRange: vmft.etcd.RangeResponse.$Shape; responsePut?: null }|{ response?: "responsePut"; responseRange?: null; responsePut: vmft.etcd.PutResponse.$Shape })
            );
        }

        /**
         * Properties of a Compare.
         * @deprecated Use vmft.etcd.Compare.$Properties instead.
         */
        interface ICompare extends vmft.etcd.Compare.$Properties {
        }

        /** Represents a Compare. */
        class Compare {

            /**
             * Constructs a new Compare.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.etcd.Compare.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Compare result. */
            result: vmft.etcd.Compare.CompareResult;

            /** Compare target. */
            target: vmft.etcd.Compare.CompareTarget;

            /** Compare key. */
            key: Uint8Array;

            /** Compare createRevision. */
            createRevision?: (Long|null);

            /** Compare targetUnion. */
            targetUnion?: "createRevision";

            /**
             * Encodes the specified Compare message. Does not implicitly {@link vmft.etcd.Compare.verify|verify} messages.
             * @param message Compare message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.etcd.Compare.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Compare message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.etcd.Compare & vmft.etcd.Compare.$Shape} Compare
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.etcd.Compare & vmft.etcd.Compare.$Shape;
        }

        namespace Compare {

            /** Properties of a Compare. */
            interface $Properties {

                /** Compare result */
                result?: (vmft.etcd.Compare.CompareResult|null);

                /** Compare target */
                target?: (vmft.etcd.Compare.CompareTarget|null);

                /** Compare key */
                key?: (Uint8Array|null);

                /** Compare createRevision */
                createRevision?: (Long|null);

                /** Compare targetUnion */
                targetUnion?: "createRevision";

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a Compare. */
            type $Shape = {
              result?: vmft.etcd.Compare.CompareResult|null;
              target?: vmft.etcd.Compare.CompareTarget|null;
              key?: Uint8Array|null;
              createRevision?: Long|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ targetUnion?: undefined; createRevision?: null }|{ targetUnion?: "createRevision"; createRevision: Long })
            );

            /** CompareResult enum. */
            enum CompareResult {

                /** EQUAL value */
                EQUAL = 0
            }

            /** CompareTarget enum. */
            enum CompareTarget {

                /** VERSION value */
                VERSION = 0,

                /** CREATE value */
                CREATE = 1
            }
        }

        /**
         * Properties of a TxnRequest.
         * @deprecated Use vmft.etcd.TxnRequest.$Properties instead.
         */
        interface ITxnRequest extends vmft.etcd.TxnRequest.$Properties {
        }

        /** Represents a TxnRequest. */
        class TxnRequest {

            /**
             * Constructs a new TxnRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.etcd.TxnRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** TxnRequest compare. */
            compare: vmft.etcd.Compare.$Properties[];

            /** TxnRequest success. */
            success: vmft.etcd.RequestOp.$Properties[];

            /** TxnRequest failure. */
            failure: vmft.etcd.RequestOp.$Properties[];

            /**
             * Encodes the specified TxnRequest message. Does not implicitly {@link vmft.etcd.TxnRequest.verify|verify} messages.
             * @param message TxnRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.etcd.TxnRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a TxnRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.etcd.TxnRequest & vmft.etcd.TxnRequest.$Shape} TxnRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.etcd.TxnRequest & vmft.etcd.TxnRequest.$Shape;
        }

        namespace TxnRequest {

            /** Properties of a TxnRequest. */
            interface $Properties {

                /** TxnRequest compare */
                compare?: (vmft.etcd.Compare.$Properties[]|null);

                /** TxnRequest success */
                success?: (vmft.etcd.RequestOp.$Properties[]|null);

                /** TxnRequest failure */
                failure?: (vmft.etcd.RequestOp.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a TxnRequest. */
            type $Shape = {
              compare?: vmft.etcd.Compare.$Shape[]|null;
              success?: vmft.etcd.RequestOp.$Shape[]|null;
              failure?: vmft.etcd.RequestOp.$Shape[]|null;
              $unknowns?: Uint8Array[];
            };
        }

        /**
         * Properties of a TxnResponse.
         * @deprecated Use vmft.etcd.TxnResponse.$Properties instead.
         */
        interface ITxnResponse extends vmft.etcd.TxnResponse.$Properties {
        }

        /** Represents a TxnResponse. */
        class TxnResponse {

            /**
             * Constructs a new TxnResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.etcd.TxnResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** TxnResponse header. */
            header?: (vmft.etcd.ResponseHeader.$Properties|null);

            /** TxnResponse succeeded. */
            succeeded: boolean;

            /** TxnResponse responses. */
            responses: vmft.etcd.ResponseOp.$Properties[];

            /**
             * Encodes the specified TxnResponse message. Does not implicitly {@link vmft.etcd.TxnResponse.verify|verify} messages.
             * @param message TxnResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.etcd.TxnResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a TxnResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.etcd.TxnResponse & vmft.etcd.TxnResponse.$Shape} TxnResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.etcd.TxnResponse & vmft.etcd.TxnResponse.$Shape;
        }

        namespace TxnResponse {

            /** Properties of a TxnResponse. */
            interface $Properties {

                /** TxnResponse header */
                header?: (vmft.etcd.ResponseHeader.$Properties|null);

                /** TxnResponse succeeded */
                succeeded?: (boolean|null);

                /** TxnResponse responses */
                responses?: (vmft.etcd.ResponseOp.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a TxnResponse. */
            type $Shape = {
              header?: vmft.etcd.ResponseHeader.$Shape|null;
              succeeded?: boolean|null;
              responses?: vmft.etcd.ResponseOp.$Shape[]|null;
              $unknowns?: Uint8Array[];
            };
        }

        /**
         * Properties of an AuthenticateRequest.
         * @deprecated Use vmft.etcd.AuthenticateRequest.$Properties instead.
         */
        interface IAuthenticateRequest extends vmft.etcd.AuthenticateRequest.$Properties {
        }

        /** Represents an AuthenticateRequest. */
        class AuthenticateRequest {

            /**
             * Constructs a new AuthenticateRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.etcd.AuthenticateRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** AuthenticateRequest name. */
            name: string;

            /** AuthenticateRequest password. */
            password: string;

            /**
             * Encodes the specified AuthenticateRequest message. Does not implicitly {@link vmft.etcd.AuthenticateRequest.verify|verify} messages.
             * @param message AuthenticateRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.etcd.AuthenticateRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an AuthenticateRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.etcd.AuthenticateRequest & vmft.etcd.AuthenticateRequest.$Shape} AuthenticateRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.etcd.AuthenticateRequest & vmft.etcd.AuthenticateRequest.$Shape;
        }

        namespace AuthenticateRequest {

            /** Properties of an AuthenticateRequest. */
            interface $Properties {

                /** AuthenticateRequest name */
                name?: (string|null);

                /** AuthenticateRequest password */
                password?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an AuthenticateRequest. */
            type $Shape = vmft.etcd.AuthenticateRequest.$Properties;
        }

        /**
         * Properties of an AuthenticateResponse.
         * @deprecated Use vmft.etcd.AuthenticateResponse.$Properties instead.
         */
        interface IAuthenticateResponse extends vmft.etcd.AuthenticateResponse.$Properties {
        }

        /** Represents an AuthenticateResponse. */
        class AuthenticateResponse {

            /**
             * Constructs a new AuthenticateResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: vmft.etcd.AuthenticateResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** AuthenticateResponse token. */
            token: string;

            /**
             * Encodes the specified AuthenticateResponse message. Does not implicitly {@link vmft.etcd.AuthenticateResponse.verify|verify} messages.
             * @param message AuthenticateResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: vmft.etcd.AuthenticateResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an AuthenticateResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {vmft.etcd.AuthenticateResponse & vmft.etcd.AuthenticateResponse.$Shape} AuthenticateResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): vmft.etcd.AuthenticateResponse & vmft.etcd.AuthenticateResponse.$Shape;
        }

        namespace AuthenticateResponse {

            /** Properties of an AuthenticateResponse. */
            interface $Properties {

                /** AuthenticateResponse token */
                token?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an AuthenticateResponse. */
            type $Shape = vmft.etcd.AuthenticateResponse.$Properties;
        }
    }
}
