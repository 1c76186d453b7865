import {
  Client,
  credentials,
  Metadata,
  type ClientReadableStream,
  type ServiceError,
} from '@grpc/grpc-js';

import type { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import { bigintOfLong, longOfBigint } from '../../base/uint64.js';
import { errorOfStatus } from '../rpc/error-status.js';
import { socketTarget } from '../rpc/local-socket.js';
import type { RpcMethod } from '../rpc/method.js';
import type { NumberedEvent } from './event-history.js';
import { vmft } from './generated/replica-messages.js';
import type { ControlInput } from './replica-control.js';
import { replicaMethods } from './replica-service.js';
import { statusOfReply, type ReplicaStatus } from './replica-status.js';

const { Kind } = vmft.replica.ControlRequest;
type EventReply = ReturnType<typeof replicaMethods.events.responseDeserialize>;
type SnapshotReply = ReturnType<typeof replicaMethods.snapshot.responseDeserialize>;
type ConsoleReply = ReturnType<typeof replicaMethods.console.responseDeserialize>;

/** What of a stream is told; `ended` comes once, and nothing after it. Null: the replica's process is about to end. */
export interface EventWatcher {
  event(event: NumberedEvent): void;
  ended(error: VmftError | null): void;
}

export interface ConsoleWatcher {
  output(bytes: Buffer): void;
  ended(error: VmftError | null): void;
}

export interface SnapshotWritten {
  readonly writtenBytes: number;
  /** How long the guest stood still. */
  readonly pauseMs: number;
  /** Of the machine as it is in the file; of its memory 0 where that was not digested. */
  readonly stateDigest: bigint;
  readonly memoryDigest: bigint;
}

/** A console that is looked at. */
export interface ConsoleLink {
  input(bytes: Buffer): void;
  /** Looks on no more; `ended` does not come. */
  close(): void;
}

/**
 * A replica's process, by its control socket. Every call rejects with {@link VmftError}: with the replica's own, or with
 * `peer-unreachable` when it does not answer in time or is not there.
 */
export class ReplicaClient {
  private readonly client: Client;

  /** `callMs`: how long an answer may take. Nothing is connected before the first call. */
  constructor(
    readonly socket: string,
    private readonly callMs: number = limits.controlCallMs,
  ) {
    this.client = new Client(socketTarget(socket), credentials.createInsecure(), {
      'grpc.enable_retries': 0,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_http_proxy': 0,
      // A replica that comes back, or comes up, is found at once.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 500,
    });
  }

  /** A client of a replica that answers. */
  static async connect(
    socket: string,
    callMs: number = limits.controlCallMs,
  ): Promise<ReplicaClient> {
    const client = new ReplicaClient(socket, callMs);
    try {
      await client.status();
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  async status(): Promise<ReplicaStatus> {
    return statusOfReply(await this.call(replicaMethods.status, {}));
  }

  /**
   * Tells the events since the one numbered `after` (0: all that are kept), then each as it comes. Events whose numbers are
   * skipped were more than is kept. Returns what ends it, without `ended`.
   */
  events(after: bigint, watcher: EventWatcher): () => void {
    const { path, requestSerialize, responseDeserialize } = replicaMethods.events;
    const request = { after: longOfBigint(after) };
    const stream = this.client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
    );
    return this.attend<EventReply>(stream, watcher, ({ number, json }) => {
      watcher.event({ number: bigintOfLong(number), json });
    });
  }

  /** What was shown of late (64 KiB), then what is shown. */
  console(watcher: ConsoleWatcher): ConsoleLink {
    const { path, requestSerialize, responseDeserialize } = replicaMethods.console;
    const stream = this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    const close = this.attend<ConsoleReply>(stream, watcher, ({ data }) => {
      watcher.output(Buffer.from(data));
    });
    return {
      input: (bytes) => {
        for (let at = 0; at < bytes.length; at += limits.controlInputBytesMax) {
          stream.write({ data: bytes.subarray(at, at + limits.controlInputBytesMax) });
        }
      },
      close,
    };
  }

  /** An input to the machine. Also rejects with `wrong-mode`: this replica is not live. */
  async control(input: ControlInput): Promise<void> {
    await this.call(replicaMethods.control, controlRequest(input));
  }

  /** The primary gives its machine to the backup, and ends. Also rejects with `wrong-mode`. */
  async handOver(): Promise<void> {
    await this.call(replicaMethods.handOver, {}, Math.max(this.callMs, limits.handOverMs));
  }

  /** Ends the replica; to a peer it is a failure, and it takes over. */
  async leave(why: string): Promise<void> {
    await this.call(replicaMethods.leave, { why });
  }

  /**
   * Writes the machine to a file where the replica runs, an absolute path. Also rejects with `wrong-mode`,
   * `snapshot-write-failed`. `signal` gives it up: it rejects with `stopped`, and nothing is left of the file.
   */
  snapshot(
    filePath: string,
    onProgress: (progress: { readonly writtenBytes: number; readonly leftBytes: number }) => void,
    signal?: AbortSignal,
  ): Promise<SnapshotWritten> {
    const { path, requestSerialize, responseDeserialize } = replicaMethods.snapshot;
    const request = { path: filePath };
    const stream = this.client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
    );
    const giveUp = (): void => {
      stream.cancel();
    };
    signal?.addEventListener('abort', giveUp);
    return new Promise<SnapshotWritten>((resolve, reject) => {
      let written: SnapshotWritten | null = null;
      stream.on('data', (reply: SnapshotReply) => {
        const writtenBytes = Number(bigintOfLong(reply.writtenBytes));
        if (!reply.done) {
          onProgress({ writtenBytes, leftBytes: Number(bigintOfLong(reply.leftBytes)) });
          return;
        }
        const { pauseMs } = reply;
        const stateDigest = bigintOfLong(reply.stateDigest);
        const memoryDigest = bigintOfLong(reply.memoryDigest);
        written = { writtenBytes, pauseMs, stateDigest, memoryDigest };
      });
      stream.on('error', (error: ServiceError) => {
        reject(this.named(error));
      });
      stream.on('status', () => {
        if (written !== null) resolve(written);
      });
    }).finally(() => signal?.removeEventListener('abort', giveUp));
  }

  close(): void {
    this.client.close();
  }

  private call<RequestFields, Request, ReplyFields, Reply>(
    method: RpcMethod<RequestFields, Request, ReplyFields, Reply>,
    request: RequestFields,
    withinMs: number = this.callMs,
  ): Promise<Reply> {
    const { path, requestSerialize, responseDeserialize } = method;
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        new Metadata(),
        { deadline: Date.now() + withinMs },
        (error, reply) => {
          if (error !== null) reject(this.named(error));
          else if (reply !== undefined) resolve(reply);
        },
      );
    });
  }

  private attend<Reply>(
    stream: Pick<ClientReadableStream<Reply>, 'on' | 'cancel'>,
    watcher: { ended(error: VmftError | null): void },
    take: (reply: Reply) => void,
  ): () => void {
    let over = false;
    stream.on('data', (reply: Reply) => {
      if (!over) take(reply);
    });
    stream.on('error', (error: ServiceError) => {
      if (over) return;
      over = true;
      watcher.ended(this.named(error));
    });
    stream.on('end', () => {
      // An error that ends the stream comes behind its end.
      setImmediate(() => {
        if (over) return;
        over = true;
        watcher.ended(null);
      });
    });
    return () => {
      over = true;
      stream.cancel();
    };
  }

  private named(error: ServiceError): VmftError {
    return errorOfStatus(error, `a replica at ${this.socket}`);
  }
}

function controlRequest(input: ControlInput): { kind: number; value?: number } {
  switch (input.kind) {
    case 'power-button':
      return { kind: Kind.POWER_BUTTON };
    case 'power-off':
      return { kind: Kind.POWER_OFF };
    case 'reset':
      return { kind: Kind.RESET };
    case 'cpu-share':
      return { kind: Kind.CPU_SHARE, value: input.permille };
  }
}
