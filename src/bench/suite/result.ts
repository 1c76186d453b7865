/**
 * What `vmft bench` measured: the object that `--json` writes and that the report is made of. Only samples, no sums: what they add up
 * to is figures.ts's business. Times in milliseconds, rates of bytes in Mbit/s, sizes in MiB.
 */

export const resultVersion = 1;

export interface BenchResult {
  readonly version: typeof resultVersion;
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** As typed. */
  readonly command: string;
  readonly quick: boolean;
  readonly accelerator: string;
  /** What a pair of it said at its join: replay or checkpoint; null before there was one. */
  readonly replication: string | null;
  readonly machine: MachineFacts;
  /** Null: not asked for. */
  readonly sections: { readonly [Name in SectionName]: SectionResult<SectionRow[Name]> | null };
}

export const sectionNames = ['table1', 'table2', 'latency', 'failover', 'idle', 'scale'] as const;
export type SectionName = (typeof sectionNames)[number];

export interface SectionRow {
  table1: Table1Row;
  table2: Table2Row;
  latency: LatencyRow;
  failover: FailoverRow;
  idle: IdleRow;
  scale: ScaleRow;
}

export interface SectionResult<Row> {
  readonly rows: readonly Row[];
  readonly skipped: readonly SkippedRow[];
  readonly durationMs: number;
  /** Measures this section alone. */
  readonly command: string;
}

/** A row that could not be measured. */
export interface SkippedRow {
  readonly row: string;
  readonly why: string;
}

export interface MachineFacts {
  readonly processor: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly kernel: string;
  readonly distribution: string;
  readonly node: string;
  readonly vmft: string;
  /** Of a minute, when the bench began: who else was at work. */
  readonly loadAtStart: number;
  /** Of the guest: kernel, packages that are measured, as `name version`. */
  readonly guest: readonly string[];
}

/** One turn: unprotected, and as a pair right behind or before it, in the row's unit. */
export interface Turn {
  readonly alone: number;
  readonly pair: number;
  readonly logMbitPerS: number;
}

export const workloadNames = ['managed', 'compile', 'oltp', 'web-shop'] as const;
export type WorkloadName = (typeof workloadNames)[number];
export type DiskReads = 'log' | 'backup';

export interface Table1Row {
  readonly workload: WorkloadName;
  readonly reads: DiskReads;
  /** Of `turns`; more is better: orders/s. */
  readonly unit: string;
  readonly turns: readonly Turn[];
}

/** Of the guest. */
export const directions = ['receive', 'transmit'] as const;
export type Direction = (typeof directions)[number];
/** Of the logging channel, by tc; null: as fast as it is. */
export const channels = [null, 10, 1] as const;
export type ChannelGbitPerS = (typeof channels)[number];

export interface Table2Row {
  readonly direction: Direction;
  readonly channelGbitPerS: ChannelGbitPerS;
  /** Mbit/s. */
  readonly turns: readonly Turn[];
}

export interface LatencyRow {
  readonly probe: 'ping' | 'tcp';
  /** Round trip added to the logging channel; 0: none added; null: unprotected. */
  readonly channelRoundTripMs: number | null;
  readonly samplesMs: readonly number[];
}

/** One boot and its kills, with one client connection from its first to its last. */
export interface FailoverRow {
  readonly kills: readonly KillSample[];
  readonly increments: number;
  readonly lost: number;
  readonly doubled: number;
  readonly connectionSurvived: boolean;
}

export interface KillSample {
  /** From the kill to the suspicion. */
  readonly detectMs: number;
  /** From the suspicion to the first output. */
  readonly goLiveMs: number;
  /** The longest silence that the client saw. */
  readonly clientGapMs: number;
}

export interface IdleRow {
  /** Nobody talks to it; or it is sent a ping each second. */
  readonly guest: 'idle' | 'idle with network';
  readonly turns: readonly IdleTurn[];
}

export interface IdleTurn {
  readonly logMbitPerS: number;
  /** Of one processor, 0 to 1, each replica's whole process. */
  readonly cpuAlone: number;
  readonly cpuPrimary: number;
  readonly cpuBackup: number;
}

export const scaleSubjects = ['memory', 'connections', 'guests'] as const;
export type ScaleSubject = (typeof scaleSubjects)[number];

export interface ScaleRow {
  readonly subject: ScaleSubject;
  /** MiB of guest memory, connections to it, or protected guests on a host. */
  readonly at: number;
  /** Of `turns`; more is better. */
  readonly unit: string;
  readonly turns: readonly Turn[];
  /** From the backup's start to a formed pair. */
  readonly joinMs: readonly number[];
  /** Of the guest, while it was copied. */
  readonly pauseMs: readonly number[];
  /** Resident beyond the guest's memory, each replica; of `guests`: of all. */
  readonly overheadMiB: readonly { readonly primary: number; readonly backup: number }[];
}
