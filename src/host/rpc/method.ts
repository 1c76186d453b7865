import type { Writer } from 'protobufjs';

/** A message as scripts/generate-proto.mjs makes it. */
export interface MessageType<Fields, Message> {
  encode(fields: Fields): Writer;
  decode(bytes: Uint8Array): Message;
}

/** A method of a gRPC service. What is received has all fields; what is sent may leave some out. */
export interface RpcMethod<RequestFields, Request, ReplyFields, Reply> {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (fields: RequestFields) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => Request;
  readonly responseSerialize: (fields: ReplyFields) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Reply;
}

/** `path` is `/package.Service/Method`; `streams` says which side sends more than one message. */
export function rpcMethod<RequestFields, Request, ReplyFields, Reply>(
  path: string,
  request: MessageType<RequestFields, Request>,
  reply: MessageType<ReplyFields, Reply>,
  streams: 'none' | 'reply' | 'both' = 'none',
): RpcMethod<RequestFields, Request, ReplyFields, Reply> {
  return {
    path,
    requestStream: streams === 'both',
    responseStream: streams !== 'none',
    requestSerialize: (fields) => bytesOf(request.encode(fields)),
    requestDeserialize: (bytes) => request.decode(bytes),
    responseSerialize: (fields) => bytesOf(reply.encode(fields)),
    responseDeserialize: (bytes) => reply.decode(bytes),
  };
}

function bytesOf(writer: Writer): Buffer {
  const bytes = writer.finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
