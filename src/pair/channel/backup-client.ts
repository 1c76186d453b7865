/** The backup's end of the logging channel: one stream to the primary. See primary-server.ts for how streams end. */
import {
  Client,
  status,
  type ClientDuplexStream,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';

import type { Clock } from '../../base/clock.js';
import { asVmftError, VmftError } from '../../base/errors.js';
import type { LinkEvents, PeerLink } from '../session/ports.js';
import { formatAddress, type Address } from './address.js';
import { channelOptions, decodeReason, joinMethod, systemReason } from './grpc-service.js';
import type { FromBackup, FromPrimary } from './messages.js';
import { certificateFault, securedTarget } from './secured-target.js';
import type { TlsFiles } from './tls-files.js';
import { decodeFromPrimary, encodeFromBackup } from './wire.js';
import { receivedBytesBetween, YoungGarbage } from './young-garbage.js';

export interface BackupClientOptions {
  readonly primary: Address;
  readonly tls: TlsFiles | null;
  readonly clock: Clock;
  readonly events: LinkEvents;
}

/** Server links count from 1 up, so a replica with both never mixes them up. */
const clientLinkId = 0;

export class BackupClient implements PeerLink {
  readonly id = clientLinkId;
  private readonly client: Client;
  private readonly call: ClientDuplexStream<Buffer, Buffer>;
  private open = true;
  private heard = false;
  private readonly garbage = new YoungGarbage(receivedBytesBetween);
  private readonly finished: Promise<void>;

  /** Opens the stream; an unreachable primary is reported by `closed`. Throws `tls-unusable`. */
  constructor(private readonly options: BackupClientOptions) {
    const { primary, tls } = options;
    const { target, credentials, options: secured } = securedTarget(primary, tls);
    this.client = new Client(target, credentials, { ...channelOptions, ...secured });
    this.call = this.client.makeBidiStreamRequest(
      joinMethod.path,
      joinMethod.requestSerialize,
      joinMethod.responseDeserialize,
    );
    this.call.on('data', (bytes: Buffer) => {
      this.data(bytes);
    });
    this.call.on('error', () => undefined);
    this.finished = new Promise((resolve) => {
      this.call.on('status', (end: StatusObject) => {
        this.ended(end);
        resolve();
      });
    });
  }

  send(message: FromBackup | FromPrimary): boolean {
    if (!this.open) return true;
    return this.call.write(encodeFromBackup(message as FromBackup));
  }

  whenDrained(run: () => void): void {
    this.call.once('drain', run);
  }

  close(error: VmftError | null): void {
    if (!this.open) return;
    this.open = false;
    if (error === null) this.call.end();
    else this.call.cancel();
  }

  /** Lets what was sent arrive, for at most `flushMs`, then drops the connection. */
  async release(flushMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.options.clock.after(flushMs, resolve);
      void this.finished.then(() => {
        cancel();
        resolve();
      });
    });
    this.client.close();
  }

  private data(bytes: Buffer): void {
    if (!this.open) return;
    this.heard = true;
    let message: FromPrimary;
    try {
      message = decodeFromPrimary(bytes);
    } catch (error) {
      this.open = false;
      this.call.cancel();
      this.options.events.closed(this, false, asVmftError(error));
      return;
    }
    this.options.events.message(this, message);
    this.garbage.passed(bytes.length);
  }

  private ended(end: StatusObject): void {
    if (!this.open) return;
    this.open = false;
    if (end.code === status.OK) this.options.events.closed(this, true, null);
    else this.options.events.closed(this, false, this.reason(end));
  }

  private reason(end: Pick<ServiceError, 'code' | 'details'>): VmftError {
    const said = end.code === status.ABORTED ? decodeReason(end.details) : null;
    if (said !== null) return said;
    if (end.code === status.RESOURCE_EXHAUSTED) {
      return new VmftError(
        'message-too-large',
        `the primary sent too large a message (${end.details})`,
      );
    }
    const where = formatAddress(this.options.primary);
    if (this.heard)
      return new VmftError('peer-lost', `the connection to the primary at ${where} broke`);
    const fault = certificateFault(end.details);
    const why = fault === null ? systemReason(end.details) : `its certificate ${fault}`;
    return new VmftError(
      'peer-unreachable',
      `cannot reach a primary at ${where}: ${why}`,
      'check the address, that "vmft run --listen" runs there, and that both sides use TLS or neither',
    );
  }
}
