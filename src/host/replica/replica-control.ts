import { isAbsolute } from 'node:path';

import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import { formatAddress } from '../../pair/channel/address.js';
import type { StampedPairEvent } from '../../pair/role/pair-event.js';
import type { Session } from '../../pair/session/session.js';
import type { MachineFactory } from '../../pair/session/ports.js';
import { noHashes } from '../../flow/log/guest-config.js';
import { InsertedPause } from '../../flow/snapshot/inserted-pause.js';
import {
  takeSnapshot,
  type SnapshotTaken,
  type TakeOptions,
} from '../../flow/snapshot/take-snapshot.js';
import { SnapshotFileWriter } from '../../flow/world/snapshot-file-writer.js';
import { systemClock } from '../../flow/world/system-clock.js';
import { systemRandom } from '../../flow/world/system-random.js';
import { ConsoleHistory } from './console-history.js';
import { EventHistory } from './event-history.js';
import { eventJson } from './event-json.js';
import type { ReplicaStatus } from './replica-status.js';

/** What of a replica is known before its session begins. */
export interface ReplicaProcess {
  /** Empty: the primary's, which a backup does not know yet. */
  readonly machineId: string;
  readonly accelerator: string;
  readonly build: string;
  readonly startedRealtimeMs: number;
}

export interface WrittenSnapshot extends SnapshotTaken {
  readonly writtenBytes: number;
}

/** Inputs to the machine from whoever runs it; they travel in the log. */
export type ControlInput =
  | { readonly kind: 'power-button' | 'power-off' | 'reset' }
  /** 10 … 1000 permille of the vCPU's speed. */
  | { readonly kind: 'cpu-share'; readonly permille: number };

/**
 * A replica as its control socket sees it: the session that runs, or will soon, and what was seen of it. Whoever starts
 * the session hands its events and console bytes over, and then the session.
 */
export class ReplicaControl {
  readonly events = new EventHistory(limits.controlEventsKept);
  readonly console = new ConsoleHistory(limits.controlConsoleBytesKept);
  private session: Session | null = null;
  /** Of the present machine. */
  private pause: InsertedPause | null = null;
  private snapshotting = false;
  private leaveWanted: string | null = null;
  private arbiterTrouble = '';

  constructor(private readonly process: ReplicaProcess) {}

  observe(event: StampedPairEvent): void {
    if (event.type === 'arbiter-unreachable') {
      this.arbiterTrouble = `waiting for the arbiter, showing nothing: ${event.error.message}`;
    } else if (arbitrationIsOver.has(event.type)) {
      this.arbiterTrouble = '';
    }
    this.events.add(eventJson(event));
  }

  /** The machines that it makes can be copied to a snapshot, beside their role. */
  watched(create: MachineFactory): MachineFactory {
    return (config, events) => {
      this.pause = new InsertedPause(create(config, events));
      return this.pause.machine;
    };
  }

  started(session: Session): void {
    this.session = session;
    if (this.leaveWanted !== null) session.stop(this.leaveWanted);
  }

  status(): ReplicaStatus {
    const { accelerator, build, machineId, startedRealtimeMs } = this.process;
    const status = this.session?.status() ?? null;
    const machine = status?.machine ?? null;
    const listening = status?.listening ?? null;
    return {
      machineId: status?.machineId || machineId,
      replicaId: status?.replicaId ?? '',
      role: status?.role ?? 'none',
      phase: status?.phase ?? 'starting',
      generation: status?.generation ?? 0n,
      listening: listening === null ? '' : formatAddress(listening),
      accelerator,
      replication: status?.replication ?? '',
      memoryBytes: status?.memoryBytes ?? 0,
      virtualNs: machine?.virtualNs ?? 0n,
      ticks: machine?.position.ticks ?? 0n,
      stalled: machine?.stalled ?? false,
      processId: process.pid,
      startedRealtimeMs,
      copy: status?.copy ?? null,
      trouble:
        this.arbiterTrouble || (machine?.disks.find(({ trouble }) => trouble)?.trouble ?? ''),
      cpuSharePermille: Math.round(1000 * (machine?.cpuShare ?? 1)),
      vmft: build,
      recordedBytes: machine?.recordedBytes ?? 0n,
      lagNs: status?.lagNs ?? 0n,
      code: machine?.code ?? '',
    };
  }

  /** Typed by whoever looks on; of no effect on a replica that is not live, as on a console of a machine that is off. */
  consoleInput(bytes: Buffer): void {
    this.session?.consoleInput(bytes);
  }

  /** Throws `wrong-mode` on a replica that is not live, `bad-argument`. */
  control(input: ControlInput): void {
    const session = this.liveSession();
    switch (input.kind) {
      case 'reset':
        session.reset();
        return;
      case 'cpu-share':
        session.setCpuShare(input.permille / 1000);
        return;
      default:
        session.powerOff(input.kind);
    }
  }

  /** Throws `wrong-mode` unless this is the primary of a pair. */
  handOver(): Promise<void> {
    if (this.session !== null) return this.session.handOver();
    return Promise.reject(new VmftError('wrong-mode', 'this replica has not started yet'));
  }

  /**
   * Writes the machine to a file of this host, an absolute path, while the guest runs. Rejects with `usage`, `wrong-mode`,
   * `snapshot-write-failed`, `stopped`; nothing is left of the file then.
   */
  async snapshot(path: string, options: Omit<TakeOptions, 'nowMs'>): Promise<WrittenSnapshot> {
    this.liveSession();
    const { pause } = this;
    if (!isAbsolute(path)) throw new VmftError('usage', `"${path}" is no absolute path`);
    if (pause === null || this.snapshotting) {
      throw new VmftError('wrong-mode', 'a snapshot is being written already', 'wait for its end');
    }
    const { accelerator, build } = this.process;
    const guest = pause.machine.config;
    const realtimeMs = systemClock.realtimeMs();
    this.snapshotting = true;
    try {
      const header = { accelerator, build, guest, hashes: noHashes, realtimeMs };
      const writer = await SnapshotFileWriter.create(path, header, systemRandom);
      try {
        const taken = await takeSnapshot(pause, writer, {
          ...options,
          nowMs: () => systemClock.nowMs(),
        });
        await writer.finish(taken.machine);
        return { ...taken, writtenBytes: writer.writtenBytes };
      } catch (error) {
        await writer.abandon();
        throw error;
      }
    } finally {
      this.snapshotting = false;
    }
  }

  leave(why: string): void {
    this.leaveWanted = why;
    this.session?.stop(why);
  }

  private liveSession(): Session {
    const { session } = this;
    const role = session?.status().role ?? 'none';
    if (session !== null && (role === 'alone' || role === 'primary')) return session;
    throw new VmftError(
      'wrong-mode',
      role === 'backup' ? 'this replica is a backup' : 'no machine runs here at the moment',
      'ask the replica that is live',
    );
  }
}

const arbitrationIsOver: ReadonlySet<StampedPairEvent['type']> = new Set<StampedPairEvent['type']>([
  'arbitration-won',
  'arbitration-lost',
  'formed',
  'join-failed',
]);
