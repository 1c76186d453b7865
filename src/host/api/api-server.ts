import {
  Metadata,
  Server,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import { asVmftError, VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import type { Logger } from '../../base/logger.js';
import type { HostConfig } from '../config.js';
import { statusOfError } from '../rpc/error-status.js';
import { LocalSocket } from '../rpc/local-socket.js';
import { callerOf } from '../security/caller.js';
import { localCallers, openDoor } from '../security/door.js';
import { passedOnKey } from './host-client.js';
import { hostMethods, peerMethods, type Message, type OperationProgress } from './methods.js';

/** Who asks, and how it came here. */
export interface Asking {
  /** For people: "operator ann", "host b", "the operator on host a". */
  readonly by: string;
  /** Another daemon passed it on: it is to be answered here. */
  readonly passedOn: boolean;
}

type Tell = (progress: OperationProgress) => void;

/** What a daemon does when it is asked. Each rejects with {@link VmftError}. */
export interface HostApi {
  start(request: Message<'StartRequest'>, asking: Asking): Promise<Message<'StartReply'>>;
  stop(request: Message<'StopRequest'>, asking: Asking): Promise<void>;
  reset(request: Message<'ResetRequest'>, asking: Asking): Promise<void>;
  protect(request: Message<'ProtectRequest'>, asking: Asking, tell: Tell): Promise<void>;
  unprotect(request: Message<'UnprotectRequest'>, asking: Asking, tell: Tell): Promise<void>;
  failover(request: Message<'FailoverRequest'>, asking: Asking, tell: Tell): Promise<void>;
  move(request: Message<'MoveRequest'>, asking: Asking, tell: Tell): Promise<void>;
  set(request: Message<'SetRequest'>, asking: Asking): Promise<void>;
  snapshot(request: Message<'SnapshotRequest'>, asking: Asking, tell: Tell): Promise<void>;
  status(request: Message<'StatusRequest'>, asking: Asking): Promise<Message<'StatusReply'>>;
  /** The console of a machine; the caller sees to `stream`'s end. */
  console(machine: string, asking: Asking, stream: ConsoleStream): Promise<void>;
  describe(): Message<'HostDescription'>;
  startBackup(request: Message<'StartBackupRequest'>): Promise<Message<'StartBackupReply'>>;
  stopBackup(request: Message<'StopBackupRequest'>): Promise<void>;
}

export interface ConsoleStream {
  output(bytes: Uint8Array): void;
  /** Called with what is typed, and with null when the caller is gone. */
  onInput(take: (bytes: Uint8Array | null) => void): void;
}

export interface ApiServer {
  close(): void;
}

/**
 * Serves the control API on the configured address and on the local socket. Throws `address-unavailable`, `tls-unusable`,
 * `config-unusable`.
 */
export async function serveApi(api: HostApi, config: HostConfig, log: Logger): Promise<ApiServer> {
  const server = new Server({
    'grpc.max_receive_message_length': limits.apiMessageBytesMax,
    'grpc.max_send_message_length': limits.apiMessageBytesMax,
    'grpc.max_concurrent_streams': streamsMax,
  });
  const here = config.name;
  server.addService(hostMethods, {
    start: unary(here, (request: Message<'StartRequest'>, asking) => api.start(request, asking)),
    stop: unary(here, async (request: Message<'StopRequest'>, asking) => {
      await api.stop(request, asking);
      return {};
    }),
    reset: unary(here, async (request: Message<'ResetRequest'>, asking) => {
      await api.reset(request, asking);
      return {};
    }),
    set: unary(here, async (request: Message<'SetRequest'>, asking) => {
      await api.set(request, asking);
      return {};
    }),
    status: unary(here, (request: Message<'StatusRequest'>, asking) => api.status(request, asking)),
    protect: told(here, api.protect.bind(api)),
    unprotect: told(here, api.unprotect.bind(api)),
    failover: told(here, api.failover.bind(api)),
    move: told(here, api.move.bind(api)),
    snapshot: told(here, api.snapshot.bind(api)),
    console: (call: ConsoleCall) => {
      serveConsole(api, here, call);
    },
  } satisfies UntypedServiceImplementation);
  server.addService(peerMethods, {
    describe: unary(here, async () => api.describe()),
    startBackup: unary(here, (request: Message<'StartBackupRequest'>) => api.startBackup(request)),
    stopBackup: unary(here, async (request: Message<'StopBackupRequest'>) => {
      await api.stopBackup(request);
      return {};
    }),
  } satisfies UntypedServiceImplementation);

  makeSocketFolder(config.socket);
  const socket = await LocalSocket.bind(server, config.socket, socketMode, localCallers());
  try {
    const { listen, tls } = config;
    const door = await openDoor(server, {
      listen,
      tls,
      refused: (line) => {
        log.warn(line);
      },
    });
    return {
      close: () => {
        door.close();
        socket.remove();
        server.forceShutdown();
      },
    };
  } catch (error) {
    socket.remove();
    server.forceShutdown();
    throw error;
  }
}

type ConsoleCall = ServerDuplexStream<Message<'ConsoleInput'>, Message<'ConsoleOutput'>>;

function unary<Request, Reply>(
  here: string,
  handle: (request: Request, asking: Asking) => Promise<Reply>,
): (call: ServerUnaryCall<Request, Reply>, done: sendUnaryData<Reply>) => void {
  return (call, done) => {
    handle(call.request, askingOf(call.metadata, here)).then(
      (reply) => {
        done(null, reply);
      },
      (thrown: unknown) => {
        done(statusOfError(thrown));
      },
    );
  };
}

/** An operation whose steps are told; it goes on when whoever asked does not listen any more. */
function told<Request>(
  here: string,
  handle: (request: Request, asking: Asking, tell: Tell) => Promise<void>,
): (call: ServerWritableStream<Request, OperationProgress>) => void {
  return (call) => {
    call.on('error', () => undefined);
    const tell: Tell = (progress) => {
      if (!call.cancelled) call.write(progress);
    };
    handle(call.request, askingOf(call.metadata, here), tell).then(
      () => {
        call.end();
      },
      (thrown: unknown) => {
        call.emit('error', statusOfError(thrown));
      },
    );
  };
}

function serveConsole(api: HostApi, here: string, call: ConsoleCall): void {
  let take: (bytes: Uint8Array | null) => void = () => undefined;
  let named = false;
  call.on('error', () => undefined);
  const gone = (): void => {
    take(null);
  };
  call.on('cancelled', gone);
  call.on('end', gone);
  call.on('data', ({ name, data }: Message<'ConsoleInput'>) => {
    if (named) {
      take(data);
      return;
    }
    named = true;
    const stream: ConsoleStream = {
      output: (bytes) => {
        if (!call.cancelled) call.write({ data: bytes });
      },
      onInput: (taker) => {
        take = taker;
      },
    };
    api.console(name, askingOf(call.metadata, here), stream).then(
      () => {
        call.end();
      },
      (thrown: unknown) => {
        call.emit('error', statusOfError(thrown));
      },
    );
  });
}

/** A daemon that passes a call on says for whom; what others say of that is not believed. */
function askingOf(metadata: Metadata, here: string): Asking {
  const caller = callerOf(metadata);
  const passedOnFor = metadata.get(passedOnKey)[0];
  const fromHost = caller.startsWith('host ') || caller === 'anybody';
  if (fromHost && typeof passedOnFor === 'string') {
    return { by: passedOnFor.slice(0, callerLengthMax), passedOn: true };
  }
  return { by: caller === 'local' ? `the operator on host ${here}` : caller, passedOn: false };
}

function makeSocketFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  } catch (error) {
    const { message } = asVmftError(error);
    throw new VmftError(
      'config-unusable',
      `cannot make the folder of the socket ${path}: ${message}`,
      'name another socket in the daemon’s file',
      error,
    );
  }
}

const streamsMax = 256;
const callerLengthMax = 128;
/** Its user and group operate this host's machines. */
const socketMode = 0o660;
