/** What the runs of the disk benchmark add up to, and the goals. Pure: no clock, no process. */

import { median } from './cpu-report.js';
import type { JobSample } from './disk-jobs.js';

/** How the measured disk is held. */
export const holdings = ['shared, reads logged', 'shared, reads on the backup', 'private'] as const;
export type Holding = (typeof holdings)[number];

export interface PairSample extends JobSample {
  /** While fio was at work. */
  readonly logMbitPerS: number;
  /** Bytes of log for each byte that fio read or wrote. */
  readonly logPerByte: number;
}

/** One job's turns, unprotected and protected next to each other. */
export interface DiskRound {
  readonly holding: Holding;
  readonly job: string;
  readonly alone: JobSample;
  readonly pair: PairSample;
}

/** What `npm run bench:disk --json` prints, one for each job and holding. Medians over the rounds. */
export interface DiskRow {
  readonly holding: Holding;
  readonly job: string;
  /** Throughput, protected / unprotected. */
  readonly ratio: number;
  readonly mbytePerS: OfTurns;
  readonly operationsPerS: OfTurns;
  readonly latencyMs: OfTurns;
  readonly addedLatencyMs: number;
  /** Of the pair. */
  readonly logMbitPerS: number;
  readonly logPerByte: number;
}

export interface OfTurns {
  readonly alone: number;
  readonly pair: number;
}

export function diskReport(rounds: readonly DiskRound[]): DiskRow[] {
  const rows = new Map<string, DiskRound[]>();
  for (const round of rounds) {
    const key = `${round.holding}/${round.job}`;
    rows.set(key, [...(rows.get(key) ?? []), round]);
  }
  return [...rows.values()].map(rowOf);
}

function rowOf(rounds: readonly DiskRound[]): DiskRow {
  const [{ holding, job }] = rounds as [DiskRound];
  const of = (pick: (round: DiskRound) => number): number => rounded(median(rounds.map(pick)));
  const turns = (pick: (sample: JobSample) => number): OfTurns => ({
    alone: of(({ alone }) => pick(alone)),
    pair: of(({ pair }) => pick(pair)),
  });
  return {
    holding,
    job,
    ratio: of(({ alone, pair }) => pair.mbytePerS / alone.mbytePerS),
    mbytePerS: turns(({ mbytePerS }) => mbytePerS),
    operationsPerS: turns(({ operationsPerS }) => operationsPerS),
    latencyMs: turns(({ latencyMs }) => latencyMs),
    addedLatencyMs: of(({ alone, pair }) => pair.latencyMs - alone.latencyMs),
    logMbitPerS: of(({ pair }) => pair.logMbitPerS),
    logPerByte: of(({ pair }) => pair.logPerByte),
  };
}

const ratioMin = 0.9;
const addedLatencyMsMax = 1;

export interface Goal {
  readonly subject: string;
  readonly measured: string;
  readonly goal: string;
  readonly met: boolean;
}

/** The goals of issue 4, each with what was measured. */
export function diskGoals(rows: readonly DiskRow[]): Goal[] {
  return holdings.flatMap((holding) => {
    const ofHolding = rows.filter((row) => row.holding === holding);
    const ratios = ofHolding.map(({ job, ratio }) => ({
      subject: `${holding}: ${job}, throughput protected to unprotected`,
      measured: String(ratio),
      goal: `at least ${ratioMin}`,
      met: ratio >= ratioMin,
    }));
    const latencies = ofHolding
      .filter(({ job }) => / write 4k, qd 1(,|$)/.test(job))
      .map(({ job, addedLatencyMs }) => ({
        subject: `${holding}: ${job}, latency added by protection`,
        measured: `${addedLatencyMs} ms`,
        goal: `at most ${addedLatencyMsMax} ms`,
        met: addedLatencyMs <= addedLatencyMsMax,
      }));
    return [...ratios, ...latencies];
  });
}

/** The rows as a table of lines, and the log with reads logged and on the backup side by side. */
export function diskTable(rows: readonly DiskRow[]): string[] {
  const cells = rows.map((row) => [
    row.holding,
    row.job,
    `${row.mbytePerS.alone} → ${row.mbytePerS.pair} MB/s`,
    `× ${row.ratio}`,
    `${row.latencyMs.alone} → ${row.latencyMs.pair} ms`,
    `log ${row.logMbitPerS} Mbit/s`,
  ]);
  const logged = logOf(rows, 'shared, reads logged');
  const onBackup = logOf(rows, 'shared, reads on the backup');
  const sideBySide = [...logged].map(([job, row]) => {
    const other = onBackup.get(job);
    return [
      job,
      `reads logged ${row.logMbitPerS} Mbit/s (${row.logPerByte} bytes a byte)`,
      other === undefined
        ? ''
        : `on the backup ${other.logMbitPerS} Mbit/s (${other.logPerByte} bytes a byte)`,
    ];
  });
  const goals = diskGoals(rows).map(({ subject, measured, goal, met }) => [
    subject,
    measured,
    goal,
    met ? 'met' : 'MISSED',
  ]);
  return [...aligned(cells), '', ...aligned(sideBySide), '', ...aligned(goals)];
}

function logOf(rows: readonly DiskRow[], holding: Holding): ReadonlyMap<string, DiskRow> {
  return new Map(
    rows
      .filter((row) => row.holding === holding && row.job.includes('read'))
      .map((row) => [row.job, row]),
  );
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
