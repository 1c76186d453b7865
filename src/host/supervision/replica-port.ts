import type { VmftError } from '../../base/errors.js';

/**
 * A replica's process as the daemon sees it: its control socket (proto/replica.proto). Every method rejects with
 * {@link VmftError}: the replica's own, or `replica-failed` when it does not answer.
 */
export interface ReplicaPort {
  status(): Promise<ReplicaStatus>;
  /**
   * What has happened to it as far as it remembers, then each event as it comes. `onClosed` is called once, when no more
   * come: the process ended, or the connection broke.
   */
  events(onEvent: (event: ReplicaEvent) => void, onClosed: () => void): void;
  console(
    onData: (bytes: Buffer) => void,
    onClosed: (error: VmftError | null) => void,
  ): ReplicaConsole;
  control(kind: ControlKind, value?: number): Promise<void>;
  handOver(): Promise<void>;
  leave(why: string): Promise<void>;
  snapshot(path: string, onProgress: (progress: SnapshotProgress) => void): Promise<void>;
  /** Gives up the connection; nothing is heard of it after. */
  close(): void;
}

/** Does not wait for the connection. */
export type OpenReplica = (socket: string) => ReplicaPort;

export interface ReplicaConsole {
  write(bytes: Buffer): void;
  close(): void;
}

export type ControlKind = 'power-button' | 'power-off' | 'reset' | 'cpu-share';

export interface ReplicaStatus {
  readonly machineId: string;
  readonly replicaId: string;
  readonly role: string;
  readonly phase: string;
  readonly generation: number;
  readonly listening: string;
  readonly replication: string;
  readonly memoryBytes: number;
  readonly processId: number;
  readonly trouble: string;
  /** While a backup is being made. */
  readonly copy: CopyProgress | null;
}

export interface CopyProgress {
  readonly sentBytes: number;
  readonly leftBytes: number;
  readonly bytesPerSecond: number;
  readonly pauseMs: number;
}

export interface SnapshotProgress {
  readonly writtenBytes: number;
  readonly leftBytes: number;
  readonly done: boolean;
  readonly pauseMs: number;
}

/** A line of --json-events (docs/operating.md), parsed. */
export interface ReplicaEvent {
  readonly type: string;
  readonly realtimeMs: number;
  readonly [field: string]: unknown;
}
