import type { MethodDefinition } from '@grpc/grpc-js';

import { isErrorCode, VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';

/** gRPC as both ends use it. Bytes pass through untouched: wire.ts parses them, so that each fault has a name. */

const pass = (bytes: Buffer): Buffer => bytes;

export const joinMethod: MethodDefinition<Buffer, Buffer> = {
  path: '/vmft.channel.LoggingChannel/Join',
  requestStream: true,
  responseStream: true,
  requestSerialize: pass,
  requestDeserialize: pass,
  responseSerialize: pass,
  responseDeserialize: pass,
};

export const channelOptions = {
  'grpc.max_receive_message_length': limits.messageBytesMax,
  'grpc.max_send_message_length': limits.messageBytesMax,
  'grpc-node.flow_control_window': limits.channelWindowBytes,
  'grpc.enable_retries': 0,
  'grpc.use_local_subchannel_pool': 1,
};

/** An error as the status text that travels to the peer, and back. */
export function encodeReason(error: VmftError): string {
  return `${error.code}: ${error.message}`.slice(0, limits.textBytesMax);
}

/** The peer's own words, or null when the status is not one of ours. */
export function decodeReason(details: string): VmftError | null {
  const colon = details.indexOf(': ');
  const code = details.slice(0, colon);
  if (colon < 0 || !isErrorCode(code)) return null;
  return new VmftError(code, `the peer says: ${details.slice(colon + 2, limits.textBytesMax)}`);
}
