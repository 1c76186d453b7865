/**
 * The primary's end of the logging channel: a gRPC server, one bidirectional stream per backup.
 *
 * A stream ends in one of four ways, and the roles care which: the backup half-closes (it left in order);
 * the connection breaks or the backup cancels; a message cannot be parsed; we end it. Whatever comes first is reported,
 * once. Our own endings are not reported.
 */
import {
  Server,
  status,
  type ServerDuplexStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

import type { Clock } from '../../base/clock.js';
import { asVmftError, VmftError } from '../../base/errors.js';
import type { LinkEvents, PeerLink } from '../session/ports.js';
import { formatAddress, type Address } from './address.js';
import { cannotListen, channelOptions, encodeReason, joinMethod } from './grpc-service.js';
import type { FromBackup, FromPrimary } from './messages.js';
import { serverCredentials, type TlsFiles } from './tls.js';
import { decodeFromBackup, encodeFromPrimary } from './wire.js';
import { sentBytesBetween, YoungGarbage } from './young-garbage.js';

export interface PrimaryServerOptions {
  readonly listen: Address;
  readonly tls: TlsFiles | null;
  readonly clock: Clock;
  readonly events: LinkEvents;
}

export class PrimaryServer {
  private constructor(
    private readonly server: Server,
    readonly address: Address,
    private readonly clock: Clock,
  ) {}

  /** Throws `address-unavailable` and `tls-unusable`. */
  static async listen(options: PrimaryServerOptions): Promise<PrimaryServer> {
    const { listen, clock, events } = options;
    const server = new Server({ ...channelOptions, 'grpc.max_concurrent_streams': streamsMax });
    let nextId = 1;
    const implementation: UntypedServiceImplementation = {
      Join: (call: ServerDuplexStream<Buffer, Buffer>) => {
        serveStream(new ServerLink(nextId++, call), call, clock, events);
      },
    };
    server.addService({ Join: joinMethod }, implementation);
    const credentials = serverCredentials(options.tls);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(formatAddress(listen), credentials, (error, bound) => {
        if (error === null) resolve(bound);
        else reject(cannotListen(listen, error));
      });
    });
    return new PrimaryServer(server, { host: listen.host, port }, clock);
  }

  /** Lets what was sent arrive, for at most `flushMs`, then closes everything. */
  close(flushMs: number): Promise<void> {
    return new Promise((resolve) => {
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

  /** Drops every connection at once. */
  abort(): void {
    this.server.forceShutdown();
  }
}

class ServerLink implements PeerLink {
  open = true;
  private readonly garbage = new YoungGarbage(sentBytesBetween);

  constructor(
    readonly id: number,
    private readonly call: ServerDuplexStream<Buffer, Buffer>,
  ) {}

  send(message: FromBackup | FromPrimary): boolean {
    if (!this.open) return true;
    const bytes = encodeFromPrimary(message as FromPrimary);
    this.garbage.passed(bytes.length);
    return this.call.write(bytes);
  }

  whenDrained(run: () => void): void {
    this.call.once('drain', run);
  }

  close(error: VmftError | null): void {
    if (!this.open) return;
    this.open = false;
    if (error === null) this.call.end();
    else this.call.emit('error', { code: status.ABORTED, details: encodeReason(error) });
  }
}

function serveStream(
  link: ServerLink,
  call: ServerDuplexStream<Buffer, Buffer>,
  clock: Clock,
  events: LinkEvents,
): void {
  const lost = (clean: boolean, error: VmftError | null): void => {
    if (!link.open) return;
    link.close(error);
    events.closed(link, clean, error);
  };
  const cancelHello = clock.after(helloWithinMs, () => {
    lost(false, new VmftError('message-unexpected', 'the peer opened a stream and said nothing'));
  });
  call.on('data', (bytes: Buffer) => {
    cancelHello();
    if (!link.open) return;
    let message: FromBackup;
    try {
      message = decodeFromBackup(bytes);
    } catch (error) {
      lost(false, asVmftError(error));
      return;
    }
    events.message(link, message);
  });
  call.on('end', () => {
    cancelHello();
    lost(true, null);
  });
  call.on('cancelled', () => {
    cancelHello();
    lost(false, new VmftError('peer-lost', 'the connection to the backup broke'));
  });
  call.on('error', (error: Error) => {
    cancelHello();
    lost(false, new VmftError('peer-lost', `the connection to the backup broke: ${error.message}`));
  });
}

const streamsMax = 16;
const helloWithinMs = 5_000;
