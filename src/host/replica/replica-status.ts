import type Long from 'long';

import { bigintOfLong, longOfBigint } from '../../base/uint64.js';
import type { vmft } from './generated/replica-messages.js';

type WireStatus = ReturnType<typeof vmft.replica.StatusReply.decode>;

/** What a replica's process tells of itself; mirrors StatusReply in proto/replica.proto. */
export interface ReplicaStatus {
  readonly machineId: string;
  readonly replicaId: string;
  readonly role: 'alone' | 'primary' | 'backup' | 'none';
  /** The role's own word. */
  readonly phase: string;
  readonly generation: bigint;
  /** ADDRESS:PORT where a backup may join; empty: nowhere. */
  readonly listening: string;
  readonly accelerator: string;
  /** Of a pair: replay or checkpoint; empty without one. */
  readonly replication: string;
  /** Of the guest; 0: not known yet. */
  readonly memoryBytes: number;
  readonly virtualNs: bigint;
  readonly ticks: bigint;
  readonly stalled: boolean;
  readonly processId: number;
  readonly startedRealtimeMs: number;
  /** While a backup is being made. */
  readonly copy: ReplicaCopy | null;
  /** What keeps the machine from working, in one line; empty: nothing. */
  readonly trouble: string;
  readonly cpuSharePermille: number;
  /** The build. */
  readonly vmft: string;
  /** Of log or checkpoints, since the replica began. */
  readonly recordedBytes: bigint;
  /** How far the backup is behind, as it last said; of a primary. */
  readonly lagNs: bigint;
  /** What becomes of guest code: native (kvm), translated, interpreted; empty: no machine yet. */
  readonly code: string;
}

/** How far a backup's image has come. */
export interface ReplicaCopy {
  readonly sentBytes: number;
  readonly leftBytes: number;
  readonly bytesPerSecond: number;
  /** Once the guest was paused for it; else 0. */
  readonly pauseMs: number;
}

export function replyOfStatus(
  status: ReplicaStatus,
): Parameters<typeof vmft.replica.StatusReply.encode>[0] {
  const { copy } = status;
  return {
    ...status,
    generation: longOfBigint(status.generation),
    memoryBytes: longOfBigint(BigInt(status.memoryBytes)),
    virtualNs: longOfBigint(status.virtualNs),
    ticks: longOfBigint(status.ticks),
    startedRealtimeMs: longOfBigint(BigInt(Math.round(status.startedRealtimeMs))),
    recordedBytes: longOfBigint(status.recordedBytes),
    lagNs: longOfBigint(status.lagNs),
    copy:
      copy === null
        ? null
        : {
            sentBytes: longOfBigint(BigInt(Math.round(copy.sentBytes))),
            leftBytes: longOfBigint(BigInt(Math.round(copy.leftBytes))),
            bytesPerSecond: longOfBigint(BigInt(Math.round(copy.bytesPerSecond))),
            pauseMs: Math.round(copy.pauseMs),
          },
  };
}

export function statusOfReply(reply: WireStatus): ReplicaStatus {
  return {
    machineId: reply.machineId,
    replicaId: reply.replicaId,
    role: isRole(reply.role) ? reply.role : 'none',
    phase: reply.phase,
    generation: bigintOfLong(reply.generation),
    listening: reply.listening,
    accelerator: reply.accelerator,
    replication: reply.replication,
    memoryBytes: numberOf(reply.memoryBytes),
    virtualNs: bigintOfLong(reply.virtualNs),
    ticks: bigintOfLong(reply.ticks),
    stalled: reply.stalled,
    processId: reply.processId,
    startedRealtimeMs: numberOf(reply.startedRealtimeMs),
    copy: copyOfReply(reply.copy),
    trouble: reply.trouble,
    cpuSharePermille: reply.cpuSharePermille,
    vmft: reply.vmft,
    recordedBytes: bigintOfLong(reply.recordedBytes),
    lagNs: bigintOfLong(reply.lagNs),
    code: reply.code,
  };
}

function copyOfReply(copy: WireStatus['copy']): ReplicaCopy | null {
  if (copy === null || copy === undefined) return null;
  return {
    sentBytes: numberOf(copy.sentBytes),
    leftBytes: numberOf(copy.leftBytes),
    bytesPerSecond: numberOf(copy.bytesPerSecond),
    pauseMs: copy.pauseMs ?? 0,
  };
}

function numberOf(value: Long | null | undefined): number {
  return value === null || value === undefined ? 0 : Number(bigintOfLong(value));
}

function isRole(text: string): text is ReplicaStatus['role'] {
  return text === 'alone' || text === 'primary' || text === 'backup';
}
