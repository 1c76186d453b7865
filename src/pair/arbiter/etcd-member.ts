import {
  Client,
  Metadata,
  credentials,
  status,
  type ChannelCredentials,
  type ServiceError,
} from '@grpc/grpc-js';

import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import { systemReason } from '../channel/grpc-service.js';
import { vmft } from './generated/etcd-messages.js';
import type { EtcdTls, EtcdUrl } from './etcd-url.js';

const wire = vmft.etcd;

const options = {
  'grpc.enable_retries': 0,
  // A connection given up is not to be found again by the next client.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_http_proxy': 0,
  // A member that comes back is used at once.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
};

/** What may be answered is worth asking again; these will not be answered better. */
const refusals: ReadonlySet<status> = new Set([
  status.INVALID_ARGUMENT,
  status.PERMISSION_DENIED,
  status.FAILED_PRECONDITION,
  status.UNIMPLEMENTED,
  status.UNAUTHENTICATED,
  status.RESOURCE_EXHAUSTED,
]);

/** One member of an etcd cluster. A call takes at most {@link limits.etcdCallMs}. */
export class EtcdMember {
  private client: Client;
  private token: string | null = null;
  private closed = false;

  constructor(
    private readonly target: string,
    private readonly url: Pick<EtcdUrl, 'user' | 'tls'>,
  ) {
    this.client = this.connect();
  }

  /** Rejects with `arbiter-unreachable` or `arbiter-unusable`. */
  async call(method: string, request: Uint8Array): Promise<Buffer> {
    try {
      if (this.url.user !== null) this.token ??= await this.logIn(this.url.user);
      return await this.send(method, request);
    } catch (error) {
      if (this.url.user === null || !tokenIsStale(error)) throw this.named(error);
      this.token = null;
    }
    try {
      this.token = await this.logIn(this.url.user);
      return await this.send(method, request);
    } catch (error) {
      throw this.named(error);
    }
  }

  close(): void {
    this.closed = true;
    this.client.close();
  }

  private connect(): Client {
    return new Client(this.target, channelCredentials(this.url.tls), options);
  }

  private async logIn({ name, password }: { name: string; password: string }): Promise<string> {
    const request = wire.AuthenticateRequest.encode({ name, password }).finish();
    const answer = await this.send('/etcdserverpb.Auth/Authenticate', request);
    return wire.AuthenticateResponse.decode(answer).token;
  }

  private send(method: string, request: Uint8Array): Promise<Buffer> {
    const metadata = new Metadata();
    // A member that knows no leader says so at once instead of waiting for one.
    metadata.set('hasleader', 'true');
    if (this.token !== null) metadata.set('token', this.token);
    const deadline = new Date(Date.now() + limits.etcdCallMs);
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        method,
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
        Buffer.from(request),
        metadata,
        { deadline },
        (error, answer) => {
          if (error === null && answer !== undefined) {
            resolve(answer);
            return;
          }
          // The connection may hang on a host that is gone: the next call makes a new one.
          if (error?.code === status.DEADLINE_EXCEEDED && !this.closed) {
            this.client.close();
            this.client = this.connect();
          }
          reject(error ?? new Error('no answer'));
        },
      );
    });
  }

  private named(error: unknown): VmftError {
    if (error instanceof VmftError) return error;
    const { code, details = String(error) } = error as Partial<ServiceError>;
    if (code !== undefined && refusals.has(code)) {
      return new VmftError(
        'arbiter-unusable',
        `etcd at ${this.target} refuses: ${details.replace(/^etcdserver: /, '')}`,
        'look at user, password and rights, and at etcd’s own log',
        error,
      );
    }
    return new VmftError(
      'arbiter-unreachable',
      `etcd at ${this.target}: ${reason(code, details)}`,
      'bring a majority of its members back; vmft tries again by itself',
      error,
    );
  }
}

/** A token lives for minutes, and dies with the member and with any change of users. */
function tokenIsStale(error: unknown): boolean {
  const { code, details = '' } = error as Partial<ServiceError>;
  return code === status.UNAUTHENTICATED || details.includes('auth store is old');
}

function reason(code: status | undefined, details: string): string {
  if (/no leader|request timed out|leader changed/.test(details)) return 'no quorum';
  if (code === status.DEADLINE_EXCEEDED) return 'no answer, or no quorum';
  return systemReason(details).split('\n')[0] ?? details;
}

function channelCredentials(tls: EtcdTls | null): ChannelCredentials {
  if (tls === null) return credentials.createInsecure();
  try {
    return credentials.createSsl(
      tls.authority,
      tls.client?.key ?? null,
      tls.client?.certificate ?? null,
    );
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new VmftError(
      'tls-unusable',
      `the TLS files for etcd are not usable: ${text}`,
      'check authority, key and certificate',
      error,
    );
  }
}
