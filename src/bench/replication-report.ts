/** What the turns of the replication benchmark add up to. Pure: no clock, no process. */

import type { Replication } from '../flow/machine/machine.js';
import { median } from './cpu-report.js';
import type { LatencySamples } from './latency/probes.js';
import { spreadOf, type Spread } from './spread.js';

/** A guest that works: millions of instructions a second by the host's clock, and what went to the backup. */
export interface WorkSample {
  readonly aloneMips: number;
  readonly pairMips: number;
  readonly mbitPerS: number;
}

/** One turn of one kind of replication. */
export interface ReplicationSample {
  readonly replication: Replication;
  readonly spin: WorkSample;
  readonly writer: WorkSample;
  readonly idleMbitPerS: number;
  readonly alone: LatencySamples;
  readonly pair: LatencySamples;
}

/** Medians over the turns; round trips in milliseconds, over all of them. */
export interface ReplicationReport {
  readonly replication: Replication;
  /** Protected / unprotected. */
  readonly spinRatio: number;
  readonly spinMbitPerS: number;
  readonly writerRatio: number;
  readonly writerMbitPerS: number;
  readonly idleMbitPerS: number;
  readonly exchange: LatencyPair;
  /** Null: ping is not installed. */
  readonly ping: LatencyPair | null;
}

export interface LatencyPair {
  readonly alone: Spread;
  readonly pair: Spread;
}

export function replicationReport(samples: readonly ReplicationSample[]): ReplicationReport[] {
  return replications.flatMap((replication) => {
    const turns = samples.filter((sample) => sample.replication === replication);
    return turns.length === 0 ? [] : [reportOf(replication, turns)];
  });
}

const replications: readonly Replication[] = ['replay', 'checkpoint'];

function reportOf(
  replication: Replication,
  turns: readonly ReplicationSample[],
): ReplicationReport {
  const of = (pick: (turn: ReplicationSample) => number): number =>
    rounded(median(turns.map(pick)));
  return {
    replication,
    spinRatio: of(({ spin }) => spin.pairMips / spin.aloneMips),
    spinMbitPerS: of(({ spin }) => spin.mbitPerS),
    writerRatio: of(({ writer }) => writer.pairMips / writer.aloneMips),
    writerMbitPerS: of(({ writer }) => writer.mbitPerS),
    idleMbitPerS: of(({ idleMbitPerS }) => idleMbitPerS),
    exchange: latency(turns, ({ exchange }) => exchange) ?? nothing,
    ping: latency(turns, ({ ping }) => ping),
  };
}

function latency(
  turns: readonly ReplicationSample[],
  pick: (samples: LatencySamples) => readonly number[],
): LatencyPair | null {
  const alone = spreadOf(turns.flatMap((turn) => pick(turn.alone)));
  const pair = spreadOf(turns.flatMap((turn) => pick(turn.pair)));
  return alone === null || pair === null ? null : { alone, pair };
}

const none: Spread = { median: NaN, p99: NaN };
const nothing: LatencyPair = { alone: none, pair: none };

/** A table of lines, one kind of replication a column. */
export function replicationTable(reports: readonly ReplicationReport[]): string[] {
  const row = (subject: string, cell: (report: ReplicationReport) => string): string =>
    [subject.padEnd(subjectWidth), ...reports.map((report) => cell(report).padStart(cellWidth))]
      .join('  ')
      .trimEnd();
  const rate = (mbitPerS: number): string => `${mbitPerS} Mbit/s`;
  const added = (pair: LatencyPair | null): string => {
    if (pair === null) return 'not measured';
    const more = rounded(pair.pair.median - pair.alone.median);
    return `+${more} ms (p99 ${pair.pair.p99})`;
  };
  return [
    row('', ({ replication }) => replication),
    row('CPU-bound: speed, protected to unprotected', ({ spinRatio }) => String(spinRatio)),
    row('CPU-bound: to the backup', ({ spinMbitPerS }) => rate(spinMbitPerS)),
    row('memory writer: speed', ({ writerRatio }) => String(writerRatio)),
    row('memory writer: to the backup', ({ writerMbitPerS }) => rate(writerMbitPerS)),
    row('idle: to the backup', ({ idleMbitPerS }) => rate(idleMbitPerS)),
    row('TCP exchange, added to the median', ({ exchange }) => added(exchange)),
    row('ping, added to the median', ({ ping }) => added(ping)),
  ];
}

const subjectWidth = 44;
const cellWidth = 24;

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
