import type { MethodDefinition } from '@grpc/grpc-js';

import { isErrorCode, VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import { formatAddress, type Address } from './address.js';

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
  // The environment's web proxy is not for this.
  'grpc.enable_http_proxy': 0,
};

/** The system's own words out of gRPC's: "connect ECONNREFUSED 10.0.0.1:7654". */
export function systemReason(details: string): string {
  const found = /\b(?:connect|listen) E[A-Z]+\b[^\]]*?(?=\.? Resolution note|\]|$)/.exec(details);
  return found?.[0] ?? details.replace(/\.? Resolution note: *$/, '');
}

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

/** A server's own fault: what to do is for who started it. */
export function cannotListen(address: Address, error: Error): VmftError {
  return new VmftError(
    'address-unavailable',
    `cannot listen on ${formatAddress(address)}: ${systemReason(error.message)}`,
    'name an address of this host and a free port',
    error,
  );
}
