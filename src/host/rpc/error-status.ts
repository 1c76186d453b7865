import { Metadata, status, type ServiceError, type StatusObject } from '@grpc/grpc-js';

import { asVmftError, isErrorCode, VmftError, type ErrorCode } from '../../base/errors.js';
import { systemReason } from '../../pair/channel/grpc-service.js';

/**
 * Errors on the control interfaces (proto/replica.proto, proto/host.proto): the status' message is the line for
 * people, the metadata `vmft-code` the code of src/base/errors.ts, `vmft-what-to-do` the advice.
 */

/** Any thrown value as what a gRPC call ends with. */
export function statusOfError(thrown: unknown): Pick<StatusObject, 'code' | 'details'> & {
  readonly metadata: Metadata;
} {
  const error = asVmftError(thrown);
  const metadata = new Metadata();
  metadata.set('vmft-code', error.code);
  if (error.whatToDo !== '') metadata.set('vmft-what-to-do', asciiOf(error.whatToDo));
  return {
    code: statusCodeOf(error.code),
    details: error.message.slice(0, textLengthMax),
    metadata,
  };
}

/** What a call ended with, as an error. `peer` names who was called, for an end that has no code of ours. */
export function errorOfStatus(
  end: Pick<ServiceError, 'code' | 'details' | 'metadata'>,
  peer: string,
): VmftError {
  const code = textOf(end.metadata, 'vmft-code');
  if (isErrorCode(code)) {
    return new VmftError(code, end.details, textOfAscii(textOf(end.metadata, 'vmft-what-to-do')));
  }
  const why = systemReason(end.details);
  switch (end.code) {
    case status.DEADLINE_EXCEEDED:
      return new VmftError(
        'peer-unreachable',
        `${peer} does not answer`,
        'try again, or look at its log',
      );
    case status.UNIMPLEMENTED:
      return new VmftError(
        'peer-refused',
        `${peer} does not know this command`,
        'use the same vmft version everywhere',
      );
    case status.CANCELLED:
      return new VmftError('stopped', `the call to ${peer} was cancelled`);
    default:
      return new VmftError(
        'peer-unreachable',
        `cannot reach ${peer}: ${why}`,
        'check that it runs',
      );
  }
}

function statusCodeOf(code: ErrorCode): status {
  switch (code) {
    case 'usage':
    case 'bad-address':
    case 'bad-argument':
      return status.INVALID_ARGUMENT;
    case 'wrong-mode':
    case 'stopped':
      return status.FAILED_PRECONDITION;
    case 'internal':
      return status.INTERNAL;
    default:
      return status.ABORTED;
  }
}

function textOf(metadata: Metadata | undefined, key: string): string {
  const value = metadata?.get(key)[0];
  return typeof value === 'string' ? value : '';
}

/** Metadata holds printable ASCII only: the rest as in a URL. */
function asciiOf(text: string): string {
  return text.slice(0, textLengthMax).replace(/[^ -$&-~]+/gu, encodeURIComponent);
}

function textOfAscii(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const textLengthMax = 2_000;
