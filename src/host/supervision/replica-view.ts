import { isLive, type MachineRecord } from '../machine/machine-record.js';
import type { ReplicaEvent, ReplicaStatus } from './replica-port.js';

/** What a replica is at the moment, from what it has told. */
export interface ReplicaView {
  readonly role: MachineRecord['role'];
  readonly generation: number;
  readonly replicaId: string;
  /** In this role. */
  readonly sinceRealtimeMs: number;
  /** What keeps the machine from working, or a join from coming about; empty: nothing. */
  readonly trouble: string;
  /** How it ended by its own words; null while it runs. */
  readonly end: ReplicaEnd | null;
}

export interface ReplicaEnd {
  /** A stop reason or an error's code (src/pair/role/pair-event.ts). */
  readonly reason: string;
  readonly message: string;
}

/** Takes an event: a pure step. Events that say nothing about the role leave the view as it is. */
export function viewAfter(view: ReplicaView, event: ReplicaEvent): ReplicaView {
  const role = (name: ReplicaView['role'], change: Partial<ReplicaView> = {}): ReplicaView => ({
    ...view,
    trouble: '',
    sinceRealtimeMs: name === view.role ? view.sinceRealtimeMs : event.realtimeMs,
    ...change,
    role: name,
  });
  const generation = numberOf(event['generation']) ?? view.generation;
  switch (event.type) {
    case 'started':
      return role('alone', { replicaId: textOf(event['replicaId'], view.replicaId) });
    case 'formed':
      return role(event['role'] === 'primary' ? 'primary' : 'backup', { generation });
    case 'backup-lost':
    case 'live':
      return role('alone', { generation });
    case 'rebuilding':
      return role('joining');
    case 'join-failed':
    case 'rebuild-delayed':
      return { ...view, trouble: errorText(event['error']) };
    case 'arbiter-unreachable':
      return { ...view, trouble: errorText(event['error']) };
    case 'ended':
      return { ...view, end: endOf(event['end']) };
    default:
      return view;
  }
}

/** Takes what the replica says of itself: it knows best, but for what events after it have said. */
export function viewOfStatus(view: ReplicaView, status: ReplicaStatus, nowMs: number): ReplicaView {
  const role = roleOfStatus(status, view.role);
  return {
    ...view,
    role,
    generation: Math.max(status.generation, isLive(role) ? 0 : view.generation),
    replicaId: status.replicaId === '' ? view.replicaId : status.replicaId,
    sinceRealtimeMs: role === view.role ? view.sinceRealtimeMs : nowMs,
    trouble: status.trouble === '' && role === 'primary' ? '' : status.trouble || view.trouble,
  };
}

function roleOfStatus(
  { role, phase }: ReplicaStatus,
  known: ReplicaView['role'],
): ReplicaView['role'] {
  switch (role) {
    case 'alone':
    case 'primary':
      return role;
    case 'backup':
      // Only the first frame of the log makes it a backup; before, it may be called off.
      return joiningPhases.has(phase) ? 'joining' : 'backup';
    default:
      return isLive(known) ? known : 'joining';
  }
}

const joiningPhases: ReadonlySet<string> = new Set(['starting', 'joining', 'ready']);

function endOf(value: unknown): ReplicaEnd {
  const { reason, message } = (value ?? {}) as { reason?: unknown; message?: unknown };
  return { reason: textOf(reason, 'internal'), message: textOf(message, '') };
}

function errorText(value: unknown): string {
  return textOf((value as { message?: unknown } | null | undefined)?.message, '');
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value.slice(0, textLengthMax) : otherwise;
}

/** Numbers beyond 2^53 come as text. */
function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

const textLengthMax = 1_000;
