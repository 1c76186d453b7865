import type { Clock } from '../../base/clock.js';
import { asVmftError, VmftError } from '../../base/errors.js';
import { defaultPairSettings, type PairSettings } from '../../base/limits.js';
import type { Random } from '../../base/random.js';
import type { Machine, MachineStatus, Replication } from '../../flow/machine/machine.js';
import type { Address } from '../channel/address.js';
import type { TlsFiles } from '../channel/tls.js';
import type { SessionEnd, StampedPairEvent } from '../role/pair-event.js';
import type { ReplicationChoice } from '../role/replication-choice.js';
import type { PairStatus } from '../role/role.js';
import type { DiskPort, MachineFactory } from './ports.js';
import type { Replica } from './replica.js';

/** What both kinds of session need from the command that runs them. */
export interface SessionOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Times and limits that differ from {@link defaultPairSettings}. */
  readonly settings?: Partial<PairSettings>;
  /**
   * Makes this host's machine in mode `created`, with its tap attached. A primary's session calls it once at the
   * start; a backup's once when the primary has sent the configuration (the named kernel need not exist here).
   */
  readonly createMachine: MachineFactory;
  /** Left out: this host has none for the machine. */
  readonly disks?: DiskPort;
  /** Of this vmft, native part included; both replicas must have the same. */
  readonly build: string;
  /** "soft". */
  readonly accelerator: string;
  /** Positions are exact on this host. */
  readonly replays: boolean;
  /** How this replica replicates to its backups. */
  readonly replication: ReplicationChoice;
  readonly tls?: TlsFiles | null;
  /** In order, each with its times; for timelines and logs. The last is `ended`. */
  readonly onEvent?: (event: StampedPairEvent) => void;
  /** Console bytes that may be shown. */
  readonly onConsole?: (bytes: Buffer) => void;
}

/** A running replica, whatever its role is at the moment. */
export interface Session {
  readonly replicaId: string;
  /** Resolves once, when everything is closed; never rejects. */
  readonly ended: Promise<SessionEnd>;
  status(): SessionStatus;
  /** Typed by the user; a backup drops it. */
  consoleInput(bytes: Buffer): void;
  /** Ends the guest through the log, so that both replicas end in order; `ended` follows. A backup leaves instead. */
  powerOff(kind: 'power-button' | 'power-off'): void;
  /** Resets the guest, which ends the machine, by the log as well. Throws `wrong-mode` on a replica that is not live. */
  reset(): void;
  /**
   * Gives the vCPU this share of its speed, 0.01 … 1, on whichever host the machine runs. Throws `wrong-mode` on a replica
   * that is not live, `bad-argument`.
   */
  setCpuShare(share: number): void;
  /**
   * Gives the machine to the backup and ends, with reason `handed-over`. Rejects with a {@link VmftError}: `wrong-mode` when
   * this is not the primary of a formed pair, another when the backup did not take it (and this replica has it still, unless
   * it has ended).
   */
  handOver(): Promise<void>;
  /**
   * Ends this replica at once, whatever the guest is doing. To the peer it is a failure: a backup goes
   * live. Use {@link powerOff} to end the machine.
   */
  stop(message: string): void;
}

export interface SessionStatus {
  readonly role: 'alone' | 'primary' | 'backup' | 'none';
  readonly phase: string;
  readonly generation: bigint;
  readonly machineId: string;
  readonly replicaId: string;
  /** Where backups may join; null when nowhere. */
  readonly listening: Address | null;
  /** Of a pair, or while a backup is made: the peer's replica id. */
  readonly peer: string | null;
  readonly replication: Replication | null;
  /** A primary's: how far its backup was behind when it last said so, nanoseconds of virtual time. */
  readonly lagNs: bigint | null;
  /** While a backup is made from this machine. */
  readonly copy: PairStatus['copy'];
  /** How often this backup's replica diverged and was discarded. */
  readonly divergences: number;
  /** Of the guest; 0 until a backup has the machine's configuration. */
  readonly memoryBytes: number;
  /** Null until a backup has the machine's configuration. */
  readonly machine: MachineStatus | null;
}

export function settingsOf(options: SessionOptions): PairSettings {
  const settings = { ...defaultPairSettings, ...options.settings };
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value !== 'number' || !(value > 0)) {
      throw new VmftError('usage', `${name} must be a positive number, not ${String(value)}`);
    }
  }
  if (settings.suspectAfterMs < 2 * settings.heartbeatIntervalMs) {
    throw new VmftError(
      'usage',
      `a peer would be suspected after ${settings.suspectAfterMs} ms, but beats every ${settings.heartbeatIntervalMs} ms`,
      'suspect after two heartbeat intervals at least',
    );
  }
  return settings;
}

/** The same face for both kinds of session. */
export function sessionOf(
  replica: Replica,
  replicaId: string,
  listening: () => Address | null,
  ended: Promise<SessionEnd>,
): Session {
  const live = (): Machine | null => {
    const { machine, role } = replica;
    return replica.end === null && role !== null && role.name !== 'backup' ? machine : null;
  };
  const requireLive = (): Machine => {
    const machine = live();
    if (machine !== null) return machine;
    throw new VmftError('wrong-mode', 'this replica is not live', 'ask the one that is');
  };
  return {
    replicaId,
    ended,
    status: () => ({
      ...pairOf(replica),
      role: replica.role?.name ?? 'none',
      phase: replica.end === null ? (replica.role?.phase ?? 'starting') : 'ended',
      generation: replica.role?.generation ?? 0n,
      machineId: replica.machineId,
      replicaId,
      listening: listening(),
      divergences: 0,
      memoryBytes: replica.machine?.config.memoryBytes ?? 0,
      machine: replica.machine?.status() ?? null,
    }),
    consoleInput: (bytes) => {
      try {
        live()?.consoleInput(bytes);
      } catch (thrown) {
        // A guest that does not read its console loses what is typed, as a serial line would.
        if (asVmftError(thrown).code !== 'bad-argument') throw thrown;
      }
    },
    handOver: () => replica.handOver(),
    powerOff: (kind) => {
      const machine = live();
      if (machine === null) replica.stop('stopped', 'the backup was stopped');
      else machine.control(kind);
    },
    reset: () => {
      requireLive().control('reset');
    },
    setCpuShare: (share) => {
      requireLive().setCpuShare(share);
    },
    stop: (message) => {
      replica.stop('stopped', message);
    },
  };
}

function pairOf(replica: Replica): Pick<SessionStatus, 'peer' | 'replication' | 'lagNs' | 'copy'> {
  const pair = replica.end === null ? (replica.role?.pair ?? null) : null;
  if (pair === null) return noPair;
  return pair;
}

export const noPair = { peer: null, replication: null, lagNs: null, copy: null } as const;

/** How long the last messages may take to leave when a session ends. */
export const flushMs = 1_000;
