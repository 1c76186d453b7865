import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import { formatAddress } from '../../pair/channel/address.js';
import type { StampedPairEvent } from '../../pair/role/pair-event.js';
import type { Session } from '../../pair/session/session.js';
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
