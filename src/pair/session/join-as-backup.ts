import { decodeGuestConfig, encodeGuestConfig } from '../../flow/log/guest-config.js';
import type { Arbiter } from '../arbiter/arbiter.js';
import { PatientArbiter } from '../arbiter/patient-arbiter.js';
import { formatAddress, type Address } from '../channel/address.js';
import { BackupClient } from '../channel/backup-client.js';
import { HeartbeatSocket } from '../channel/heartbeat-socket.js';
import { PrimaryServer } from '../channel/primary-server.js';
import { resolveHost } from '../channel/resolve-host.js';
import { BackupRole } from '../role/backup.js';
import { VmftError } from '../../base/errors.js';
import type { SessionEnd } from '../role/pair-event.js';
import { noDisks } from './absent-ports.js';
import { pauseThen } from './pause-machine.js';
import type { MachineFactory } from './ports.js';
import { Replica } from './replica.js';
import { cannotReplay } from './run-primary.js';
import { flushMs, sessionOf, settingsOf, type Session, type SessionOptions } from './session.js';

export interface BackupOptions extends SessionOptions {
  readonly primary: Address;
  /** The storage that the primary names as well; a join is refused when they are not the same. */
  readonly arbiter: Arbiter;
  /** Guest memory that this host gives; null = no limit of its own. */
  readonly memoryBytesMax: number | null;
  /** Once live, accept backups here; null: do not. `host` is an IP address. */
  readonly listen: Address | null;
}

/**
 * Joins a primary. Resolves as soon as the attempt is under way: what becomes of it comes as events
 * (`formed`, `live`, …) and by `ended`, which carries `peer-unreachable`, `peer-refused`, `join-timeout`,
 * `heartbeat-blocked`, `arbiter-not-shared` and the like when the join fails.
 *
 * Rejects with {@link VmftError} for `usage`, `bad-address`, `address-unavailable`, `tls-unusable`.
 */
export async function joinAsBackup(options: BackupOptions): Promise<Session> {
  const { clock, random, primary, listen, build, accelerator } = options;
  const settings = settingsOf(options);
  const { replays, replication } = options;
  if (replication === 'replay' && !replays) throw cannotReplay();
  const tls = options.tls ?? null;
  const replicaId = random.uniqueName();
  const peer = await resolveHost(primary.host);
  const ownHost = listen?.host ?? peer.anyAddress;
  let resolveEnded: (end: SessionEnd) => void = () => undefined;
  const ended = new Promise<SessionEnd>((resolve) => {
    resolveEnded = resolve;
  });
  let server: PrimaryServer | null = null;
  let link: BackupClient | null = null;

  const heartbeats = HeartbeatSocket.open(
    ownHost,
    listen?.port ?? 0,
    peer.ip,
    (heartbeat, ageMs) => {
      replica.heartbeat(heartbeat, ageMs);
    },
  );
  const closeAll = async (end: SessionEnd): Promise<void> => {
    heartbeats.close();
    await Promise.all([server?.close(flushMs), link?.release(flushMs)]);
    resolveEnded(end);
  };
  const replica: Replica = new Replica({
    replicaId,
    clock,
    settings,
    arbiter: new PatientArbiter(options.arbiter, replicaId, clock, settings.arbiterOperationMs),
    heartbeats,
    disks: options.disks ?? noDisks,
    createMachine: withinMemory(options.createMachine, options.memoryBytesMax),
    pauseMachine: pauseThen((message) => {
      replica.stop('internal', message);
    }),
    encodeConfig: (config) => encodeGuestConfig(config),
    decodeConfig: (bytes) => decodeGuestConfig(bytes)?.config ?? null,
    onEvent: (event) => options.onEvent?.(event),
    onConsole: (bytes) => options.onConsole?.(bytes),
    onEnd: (end) => void closeAll(end),
  });

  try {
    if (listen !== null) {
      server = await PrimaryServer.listen({ listen, tls, clock, events: replica.linkEvents });
    }
    link = new BackupClient({ primary, tls, clock, events: replica.linkEvents });
  } catch (error) {
    heartbeats.close();
    server?.abort();
    throw error;
  }
  replica.addLink(link);
  const memoryBytesMax = BigInt(options.memoryBytesMax ?? 0);
  const identity = { build, accelerator, replicaId, memoryBytes: 0n, replays, replication };
  replica.begin(
    new BackupRole({ link: link.id, identity, memoryBytesMax, settings }, clock.nowMs()),
  );
  if (server !== null) {
    const address = formatAddress(server.address);
    replica.emit({ type: 'listening', address, heartbeatPort: heartbeats.port });
  }
  return sessionOf(replica, replicaId, () => server?.address ?? null, ended);
}

/** The primary has checked it too; its word is not taken for it. */
function withinMemory(create: MachineFactory, memoryBytesMax: number | null): MachineFactory {
  return (config, events) => {
    if (memoryBytesMax !== null && config.memoryBytes > memoryBytesMax) {
      const message = `the guest has ${config.memoryBytes} bytes of memory, this host gives ${memoryBytesMax}`;
      throw new VmftError('memory-too-small', message);
    }
    return create(config, events);
  };
}
