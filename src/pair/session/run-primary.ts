import { VmftError } from '../../base/errors.js';
import {
  encodeGuestConfig,
  decodeGuestConfig,
  noHashes,
  type GuestHashes,
} from '../../flow/log/guest-config.js';
import type { GuestConfig, Machine, RecordedSegment } from '../../flow/machine/machine.js';
import { LogFileWriter } from '../../flow/world/log-file-writer.js';
import type { Arbiter } from '../arbiter/arbiter.js';
import { PatientArbiter } from '../arbiter/patient-arbiter.js';
import { formatAddress, type Address } from '../channel/address.js';
import { HeartbeatSocket } from '../channel/heartbeat-socket.js';
import { PrimaryServer } from '../channel/primary-server.js';
import { replicationObjection } from '../role/replication-choice.js';
import { AloneRole, aloneOptions } from '../role/alone.js';
import { failure, type SessionEnd } from '../role/pair-event.js';
import { noArbiter, noDisks, noHeartbeats } from './absent-ports.js';
import { pauseThen } from './pause-machine.js';
import { Replica } from './replica.js';
import { flushMs, sessionOf, settingsOf, type Session, type SessionOptions } from './session.js';

export interface PrimaryOptions extends SessionOptions {
  readonly guest: GuestConfig;
  /** Of the guest's files, for the log's header. */
  readonly hashes?: GuestHashes;
  /**
   * Names the pair in arbitration; must never be used for two machines, so leave it out unless you know:
   * a random one is made.
   */
  readonly machineId?: string;
  /** Names this replica; must never be used for two. Left out: a random one. */
  readonly replicaId?: string;
  /** Accept backups here (needs `arbiter`); null runs the machine unprotected. `host` is an IP address. */
  readonly listen: Address | null;
  readonly arbiter: Arbiter | null;
  /** What the created machine needs before it runs: a snapshot's content; null or left out: it boots. */
  readonly restore?: ((machine: Machine) => Promise<void>) | null;
  /** Write the log to this file; only for an unprotected machine. */
  readonly recordTo: string | null;
}

/**
 * Starts a machine. It is alone until a backup joins, then the primary of a pair, alone again when the backup
 * is lost and the arbitration won, and so on until it ends.
 *
 * Resolves when the guest runs and, with `listen`, backups may join. Rejects with {@link VmftError} when it
 * cannot start: what `createMachine` throws, `usage`, `address-unavailable`, `log-write-failed`, `tls-unusable`.
 */
export async function runPrimary(options: PrimaryOptions): Promise<Session> {
  const { clock, random, listen, arbiter, recordTo, guest, build, accelerator } = options;
  const settings = settingsOf(options);
  if (listen !== null && arbiter === null) {
    throw new VmftError(
      'usage',
      'a protected machine needs an arbiter',
      'name one with --arbiter file:/shared/directory',
    );
  }
  if (listen !== null && recordTo !== null) {
    throw new VmftError(
      'usage',
      '--record and --listen cannot be combined',
      'record an unprotected run',
    );
  }
  const { replays, replication } = options;
  if (replication === 'replay' && !replays) throw cannotReplay();
  const objection =
    replication === 'checkpoint' ? replicationObjection(replication, guest.disks) : null;
  if (objection !== null) throw objection;
  if (recordTo !== null && !replays) throw cannotRecord();
  const machineId = options.machineId ?? random.uniqueName();
  const replicaId = options.replicaId ?? random.uniqueName();
  let writer: LogFileWriter | null = null;
  let server: PrimaryServer | null = null;
  let heartbeats: HeartbeatSocket | null = null;
  let resolveEnded: (end: SessionEnd) => void = () => undefined;
  const ended = new Promise<SessionEnd>((resolve) => {
    resolveEnded = resolve;
  });

  const closeAll = async (end: SessionEnd): Promise<void> => {
    heartbeats?.close();
    await server?.close(flushMs);
    const trouble = await closeLog(writer, end);
    resolveEnded(end.exitStatus === 0 && trouble !== null ? failure(trouble) : end);
  };

  if (listen !== null) {
    heartbeats = HeartbeatSocket.open(listen.host, listen.port, null, (heartbeat, ageMs) => {
      replica.heartbeat(heartbeat, ageMs);
    });
  }
  const replica: Replica = new Replica({
    replicaId,
    clock,
    settings,
    arbiter:
      arbiter === null
        ? noArbiter
        : new PatientArbiter(arbiter, replicaId, clock, settings.arbiterOperationMs),
    heartbeats: heartbeats ?? noHeartbeats,
    disks: options.disks ?? noDisks,
    createMachine: options.createMachine,
    pauseMachine: pauseThen((message) => {
      replica.stop('internal', message);
    }),
    encodeConfig: (config) => encodeGuestConfig(config, options.hashes ?? noHashes),
    decodeConfig: (bytes) => decodeGuestConfig(bytes)?.config ?? null,
    onEvent: (event) => options.onEvent?.(event),
    onConsole: (bytes) => options.onConsole?.(bytes),
    onEnd: (end) => void closeAll(end),
  });

  try {
    const machine = options.createMachine(guest, {
      ...replica.machineEvents,
      segment: (segment: RecordedSegment) => {
        if (writer === null) replica.machineEvents.segment(segment);
        else writer.append(segment.sequence, segment.frame);
      },
    });
    replica.adopt(machine, machineId);
    await options.restore?.(machine);
    if (recordTo !== null) {
      const hashes = options.hashes ?? noHashes;
      writer = await LogFileWriter.create(
        recordTo,
        { accelerator, build, guest, hashes },
        (sequence) => {
          if (replica.end === null) machine.acknowledge(sequence);
        },
        (error) => {
          replica.stop(error.code, error.message, error.whatToDo);
        },
      );
    }
    if (listen !== null) {
      const tls = options.tls ?? null;
      server = await PrimaryServer.listen({ listen, tls, clock, events: replica.linkEvents });
    }
    const memoryBytes = BigInt(guest.memoryBytes);
    const identity = { build, accelerator, replicaId, memoryBytes, replays, replication };
    const recording = recordTo !== null;
    replica.begin(new AloneRole(firstGeneration, identity, settings));
    machine.startLive({ ...aloneOptions(firstGeneration, settings), recording });
  } catch (error) {
    replica.machine?.stop();
    heartbeats?.close();
    server?.abort();
    throw error;
  }
  replica.emit({ type: 'started', machineId, replicaId });
  if (server !== null && heartbeats !== null) {
    const heartbeatPort = heartbeats.port;
    replica.emit({ type: 'listening', address: formatAddress(server.address), heartbeatPort });
  }
  return sessionOf(replica, replicaId, () => server?.address ?? null, ended);
}

/** What `replay` is refused with where positions are not exact. */
export function cannotReplay(): VmftError {
  return new VmftError(
    'usage',
    'a pair that replays needs exact positions, and there are none here',
    'choose --replication checkpoint or auto, or another accelerator or counter',
  );
}

/** What `--record` is refused with there. */
function cannotRecord(): VmftError {
  return new VmftError(
    'usage',
    'a log needs exact positions, and there are none here',
    'leave --record out, or use another accelerator or counter',
  );
}

/** A machine that was never protected is in generation 0; the first pair is generation 1. */
const firstGeneration = 0n;

async function closeLog(writer: LogFileWriter | null, end: SessionEnd): Promise<VmftError | null> {
  try {
    await writer?.close(end.reason);
    return null;
  } catch (error) {
    return error instanceof VmftError ? error : new VmftError('log-write-failed', String(error));
  }
}
