import {
  Client,
  credentials,
  Metadata,
  status,
  type ClientDuplexStream,
  type ServiceError,
} from '@grpc/grpc-js';

import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import { formatAddress, type Address } from '../../pair/channel/address.js';
import type { TlsFiles } from '../../pair/channel/tls.js';
import { errorOfStatus } from '../rpc/error-status.js';
import { socketTarget } from '../rpc/local-socket.js';
import { connectionFault, securedTarget } from '../../pair/channel/secured-target.js';
import { hostMethods, peerMethods, type ApiMethod, type Message } from './methods.js';

/** Where a host's daemon is reached. */
export type HostTarget =
  | { readonly socket: string }
  | {
      readonly address: Address;
      readonly tls: TlsFiles | null;
      /** Whose certificate it must show; null: any host's of the cluster. */
      readonly hostName: string | null;
    };

export interface CallOptions {
  /** How long the answer may take; left out: as long as it takes. */
  readonly withinMs?: number;
  /** For whom a daemon passes the call on. */
  readonly passedOnFor?: string;
}

/** The metadata of a call that a daemon passes on, with who asked: it goes no further. */
export const passedOnKey = 'vmft-passed-on-for';

/**
 * A host's daemon, for the CLI and for other daemons. Each call rejects with {@link VmftError}: the daemon's own,
 * `host-unreachable`, or `certificate-refused`.
 */
export class HostClient {
  private client: Client;
  private closed = false;

  /** Nothing is connected before the first call. Throws `tls-unusable`. */
  constructor(private readonly target: HostTarget) {
    this.client = this.connect();
  }

  call<Request, Reply>(
    method: ApiMethod<Request, Reply>,
    request: Request,
    options: CallOptions = {},
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        metadataOf(options),
        deadlineOf(options),
        (error, reply) => {
          if (error !== null) reject(this.named(error));
          else if (reply !== undefined) resolve(reply);
        },
      );
    });
  }

  /** Resolves when the stream ended in order. `signal` gives up waiting; what was begun goes on. */
  stream<Request, Reply>(
    method: ApiMethod<Request, Reply>,
    request: Request,
    onReply: (reply: Reply) => void,
    options: CallOptions = {},
    signal?: AbortSignal,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const call = this.client.makeServerStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        metadataOf(options),
        deadlineOf(options),
      );
      signal?.addEventListener('abort', () => {
        call.cancel();
      });
      call.on('data', onReply);
      call.on('error', (error: ServiceError) => {
        reject(this.named(error));
      });
      call.on('end', () => {
        // An error that ends the stream comes behind its end.
        setImmediate(resolve);
      });
    });
  }

  /** The first input names the machine. */
  console(
    options: CallOptions = {},
  ): ClientDuplexStream<Message<'ConsoleInput'>, Message<'ConsoleOutput'>> {
    const { path, requestSerialize, responseDeserialize } = hostMethods.console;
    return this.client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      metadataOf(options),
      {},
    );
  }

  /** An error of a call's end, such as a console's. */
  named(error: ServiceError): VmftError {
    if (error.code === status.DEADLINE_EXCEEDED && !this.closed) {
      // The connection may hang on a host that is gone: the next call makes a new one.
      this.client.close();
      this.client = this.connect();
    }
    const isOurs = (error.metadata as Metadata | undefined)?.get('vmft-code')[0] !== undefined;
    if (isOurs) return errorOfStatus(error, this.name);
    if (error.code === status.UNAVAILABLE && 'address' in this.target) {
      return connectionFault(this.name, error.details, this.target.tls);
    }
    if (error.code === status.UNAVAILABLE) return socketFault(this.name, error.details);
    const general = errorOfStatus(error, `the daemon at ${this.name}`);
    if (general.code !== 'peer-unreachable') return general;
    return new VmftError('host-unreachable', general.message, 'check that `vmft host` runs there');
  }

  close(): void {
    this.closed = true;
    this.client.close();
  }

  private get name(): string {
    return 'socket' in this.target ? this.target.socket : formatAddress(this.target.address);
  }

  private connect(): Client {
    const { target } = this;
    if ('socket' in target) {
      return new Client(socketTarget(target.socket), credentials.createInsecure(), channelOptions);
    }
    const secured = securedTarget(target.address, target.tls, target.hostName);
    return new Client(secured.target, secured.credentials, {
      ...channelOptions,
      ...secured.options,
    });
  }
}

function socketFault(path: string, details: string): VmftError {
  const code = /\bE[A-Z]+\b/.exec(details)?.[0] ?? details;
  const why =
    { ENOENT: 'no such file', ECONNREFUSED: 'its daemon is gone', EACCES: 'permission denied' }[
      code
    ] ?? code;
  return new VmftError(
    'host-unreachable',
    `no vmft host serves ${path}: ${why}`,
    code === 'EACCES'
      ? 'the daemon’s user and group may open it'
      : 'start `vmft host`, or name another daemon with --socket or --host',
  );
}

export { hostMethods, peerMethods };

function metadataOf({ passedOnFor }: CallOptions): Metadata {
  const metadata = new Metadata();
  if (passedOnFor !== undefined) metadata.set(passedOnKey, passedOnFor);
  return metadata;
}

function deadlineOf({ withinMs }: CallOptions): { deadline?: number } {
  return withinMs === undefined ? {} : { deadline: Date.now() + withinMs };
}

const channelOptions = {
  'grpc.max_receive_message_length': limits.apiMessageBytesMax,
  'grpc.max_send_message_length': limits.apiMessageBytesMax,
  'grpc.enable_retries': 0,
  'grpc.use_local_subchannel_pool': 1,
  // The environment's web proxy is not for this.
  'grpc.enable_http_proxy': 0,
  // A host that comes back is used at once.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  // A stream on a host that is gone is to end.
  'grpc.keepalive_time_ms': 5_000,
  'grpc.keepalive_timeout_ms': 5_000,
};
