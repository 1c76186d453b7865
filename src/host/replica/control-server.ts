/**
 * Serves proto/replica.proto on a replica's control socket. Whoever looks on is served from what is kept (events,
 * console), at its own pace: a slow or stuck one misses some, and costs nothing.
 */
import {
  Server,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

import type { Clock } from '../../base/clock.js';
import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import { bigintOfLong, longOfBigint } from '../../base/uint64.js';
import { statusOfError } from '../rpc/error-status.js';
import { LocalSocket } from '../rpc/local-socket.js';
import { vmft } from './generated/replica-messages.js';
import type { ControlInput, ReplicaControl } from './replica-control.js';
import { replicaMethods } from './replica-service.js';
import { replyOfStatus } from './replica-status.js';

const wire = vmft.replica;
type AnyMethod = (typeof replicaMethods)[keyof typeof replicaMethods];
type Received<M extends AnyMethod> = ReturnType<M['requestDeserialize']>;
type Sent<M extends AnyMethod> = Parameters<M['responseSerialize']>[0];
type Events = ServerWritableStream<
  Received<typeof replicaMethods.events>,
  Sent<typeof replicaMethods.events>
>;
type Console = ServerDuplexStream<
  Received<typeof replicaMethods.console>,
  Sent<typeof replicaMethods.console>
>;
type Snapshot = ServerWritableStream<
  Received<typeof replicaMethods.snapshot>,
  Sent<typeof replicaMethods.snapshot>
>;

const snapshotToldEveryMs = 200;

export class ControlServer {
  private readonly server = new Server({
    'grpc.max_receive_message_length': limits.controlInputBytesMax + 1024,
  });
  private socket: LocalSocket | null = null;
  /** Ends the streams of those who look on. */
  private readonly endings = new Set<() => void>();

  private constructor(
    private readonly replica: ReplicaControl,
    private readonly clock: Clock,
  ) {}

  /** Throws `address-unavailable`. */
  static async open(path: string, replica: ReplicaControl, clock: Clock): Promise<ControlServer> {
    const control = new ControlServer(replica, clock);
    control.server.addService(replicaMethods, control.implementation());
    control.socket = await LocalSocket.bind(control.server, path);
    return control;
  }

  /** Nobody finds it any more. Idempotent. */
  removeSocket(): void {
    this.socket?.remove();
    this.socket = null;
  }

  /** Lets what has happened arrive, for at most `flushMs`, and removes the socket. */
  async close(flushMs: number): Promise<void> {
    this.removeSocket();
    for (const end of [...this.endings]) end();
    await new Promise<void>((resolve) => {
      const cancel = this.clock.after(flushMs, () => {
        this.server.forceShutdown();
        resolve();
      });
      this.server.tryShutdown(() => {
        cancel();
        resolve();
      });
    });
  }

  private implementation(): UntypedServiceImplementation {
    const { replica } = this;
    return {
      status: answering<typeof replicaMethods.status>(() => replyOfStatus(replica.status())),
      events: (call: Events) => {
        this.serveEvents(call);
      },
      console: (call: Console) => {
        this.serveConsole(call);
      },
      control: answering<typeof replicaMethods.control>((request) => {
        replica.control(controlInput(request));
        return {};
      }),
      handOver: answering<typeof replicaMethods.handOver>(async () => {
        await replica.handOver();
        return {};
      }),
      snapshot: (call: Snapshot) => void this.writeSnapshot(call),
      leave: answering<typeof replicaMethods.leave>(({ why }) => {
        // Behind the answer: the socket goes with the replica.
        setImmediate(() => {
          replica.leave(why === '' ? 'stopped by its host' : why);
        });
        return {};
      }),
    };
  }

  private async writeSnapshot(call: Snapshot): Promise<void> {
    let given = false;
    let toldMs = -Infinity;
    call.on('cancelled', () => {
      given = true;
    });
    call.on('error', () => undefined);
    try {
      const { machine, writtenBytes, pauseMs } = await this.replica.snapshot(call.request.path, {
        given: () => given,
        progress: (progress) => {
          const nowMs = this.clock.nowMs();
          if (nowMs - toldMs < snapshotToldEveryMs) return;
          toldMs = nowMs;
          call.write({
            writtenBytes: longOfBigint(BigInt(progress.writtenBytes)),
            leftBytes: longOfBigint(BigInt(progress.leftBytes)),
          });
        },
      });
      call.write({
        writtenBytes: longOfBigint(BigInt(writtenBytes)),
        done: true,
        pauseMs: Math.ceil(pauseMs),
        stateDigest: longOfBigint(machine.stateDigest),
        memoryDigest: longOfBigint(machine.memoryDigest),
      });
      call.end();
    } catch (thrown) {
      call.emit('error', statusOfError(thrown));
    }
  }

  private serveEvents(call: Events): void {
    const { events } = this.replica;
    let last = bigintOfLong(call.request.after);
    this.serveFrom(
      call,
      (tell) => events.watch(tell),
      () => {
        const event = events.after(last);
        if (event === null) return null;
        last = event.number;
        return { number: longOfBigint(event.number), json: event.json };
      },
    );
  }

  private serveConsole(call: Console): void {
    const { console } = this.replica;
    let place = 0;
    call.on('data', ({ data }: Received<typeof replicaMethods.console>) => {
      try {
        this.replica.consoleInput(Buffer.from(data));
      } catch (thrown) {
        call.emit('error', statusOfError(thrown));
      }
    });
    // One who types no more may look on.
    call.on('end', () => undefined);
    this.serveFrom(
      call,
      (tell) => console.watch(tell),
      () => {
        const { bytes, next } = console.from(place, limits.controlConsoleBytesAtOnce);
        place = next;
        return bytes.length === 0 ? null : { data: bytes };
      },
    );
  }

  /** Writes what `next` gives, as fast as it is read; null: nothing for now, `watch` tells when there is. */
  private serveFrom<Reply>(
    call: Looker<Reply>,
    watch: (tell: () => void) => () => void,
    next: () => Reply | null,
  ): void {
    let [draining, over] = [false, false];
    const pump = (): void => {
      while (!draining && !over) {
        const reply = next();
        if (reply === null) return;
        draining = !call.write(reply);
      }
    };
    const finish = (): void => {
      if (over) return;
      unwatch();
      this.endings.delete(end);
      over = true;
    };
    const end = (): void => {
      pump();
      finish();
      call.end();
    };
    const unwatch = watch(pump);
    call.on('drain', () => {
      draining = false;
      pump();
    });
    call.on('cancelled', finish);
    call.on('error', finish);
    this.endings.add(end);
    pump();
  }
}

/** What both kinds of streams have. */
interface Looker<Reply> {
  write(reply: Reply): boolean;
  end(): void;
  on(event: 'drain' | 'cancelled' | 'error', run: () => void): unknown;
}

/** A method that answers once. */
function answering<M extends AnyMethod>(
  answer: (request: Received<M>) => Sent<M> | Promise<Sent<M>>,
) {
  return (call: ServerUnaryCall<Received<M>, Sent<M>>, done: sendUnaryData<Sent<M>>): void => {
    Promise.resolve(call.request)
      .then(answer)
      .then(
        (reply) => {
          done(null, reply);
        },
        (thrown: unknown) => {
          done(statusOfError(thrown));
        },
      );
  };
}

function controlInput({ kind, value }: Received<typeof replicaMethods.control>): ControlInput {
  const { Kind } = wire.ControlRequest;
  switch (kind) {
    case Kind.POWER_BUTTON:
      return { kind: 'power-button' };
    case Kind.POWER_OFF:
      return { kind: 'power-off' };
    case Kind.RESET:
      return { kind: 'reset' };
    case Kind.CPU_SHARE:
      if (value >= 10 && value <= 1000) return { kind: 'cpu-share', permille: value };
      throw new VmftError('bad-argument', `a CPU share is 10 to 1000 permille, not ${value}`);
    default:
      throw new VmftError('bad-argument', `control input ${kind} is not known`);
  }
}
