/** What the runs of the pair benchmark add up to, and the goals. Pure: no clock, no process. */

import { median } from './cpu-report.js';
import type { OfBoth } from './guest/process-cost.js';

/** Work of the spinning guest in one stretch of time. */
export interface SpinSample {
  /** Printed by the guest, by its own clock. */
  readonly unitsPerS: number;
  /** By the host's clock: a guest whose clock were slow would not look fast here. */
  readonly mips: number;
}

/** One turn of the spinning guest: alone, then as a pair. */
export interface SpinRound {
  readonly alone: SpinSample;
  readonly pair: SpinSample;
}

export interface IdleSample {
  readonly logMbitPerS: number;
  /** CPU time of each replica's process over wall time. */
  readonly cpuShare: OfBoth;
}

/** Round trips in milliseconds. */
export interface LatencySamples {
  readonly ping: readonly number[];
  /** One line each way over a standing TCP connection. */
  readonly exchange: readonly number[];
}

export interface LatencyRound {
  readonly alone: LatencySamples;
  readonly pair: LatencySamples;
}

export interface KillSample {
  readonly detectMs: number;
  readonly goLiveMs: number;
  readonly clientGapMs: number;
}

export interface PairSamples {
  readonly spin: readonly SpinRound[];
  readonly idle: readonly IdleSample[];
  readonly latency: readonly LatencyRound[];
  readonly kills: readonly KillSample[];
  /** Increments that a client missed or saw twice, and connections lost, over all kills. */
  readonly clientFaults: number;
  /** Resident memory beyond the guest's own at the end of each phase, bytes. */
  readonly overheadBytes: readonly OfBoth[];
}

/** What `npm run bench:pair --json` prints. Times and rates are medians; null: not measured. */
export interface PairReport {
  /** Units a second, protected / unprotected; median over the rounds. */
  readonly spinRatio: number;
  /** The same from instructions by the host's clock. */
  readonly spinMipsRatio: number;
  readonly spinUnitsPerS: { readonly alone: number; readonly pair: number };
  readonly idleLogMbitPerS: number;
  readonly idleCpuShare: OfBoth;
  readonly pingMs: LatencyReport | null;
  readonly exchangeMs: LatencyReport;
  readonly detectMs: number;
  readonly goLiveMs: number;
  readonly clientGapMs: number;
  readonly clientGapMsMax: number;
  readonly clientFaults: number;
  /** The most of any sample, MiB. */
  readonly memoryOverheadMiB: OfBoth;
}

export interface LatencyReport {
  readonly alone: Spread;
  readonly pair: Spread;
  /** Difference of the medians. */
  readonly addedMedian: number;
}

export interface Spread {
  readonly median: number;
  readonly p99: number;
}

export function pairReport(samples: PairSamples): PairReport {
  const { spin, idle, latency, kills } = samples;
  const of = <T>(rows: readonly T[], pick: (row: T) => number): number =>
    rounded(median(rows.map(pick)));
  const overheadMiB = (of: 'primary' | 'backup'): number =>
    Math.round(Math.max(...samples.overheadBytes.map((sample) => sample[of])) / 2 ** 20);
  return {
    spinRatio: of(spin, ({ alone, pair }) => pair.unitsPerS / alone.unitsPerS),
    spinMipsRatio: of(spin, ({ alone, pair }) => pair.mips / alone.mips),
    spinUnitsPerS: {
      alone: of(spin, ({ alone }) => alone.unitsPerS),
      pair: of(spin, ({ pair }) => pair.unitsPerS),
    },
    idleLogMbitPerS: of(idle, (sample) => sample.logMbitPerS),
    idleCpuShare: {
      primary: of(idle, (sample) => sample.cpuShare.primary),
      backup: of(idle, (sample) => sample.cpuShare.backup),
    },
    pingMs: latencyReport(latency, ({ ping }) => ping),
    exchangeMs: latencyReport(latency, ({ exchange }) => exchange) ?? noLatency,
    detectMs: of(kills, (kill) => kill.detectMs),
    goLiveMs: of(kills, (kill) => kill.goLiveMs),
    clientGapMs: of(kills, (kill) => kill.clientGapMs),
    clientGapMsMax: rounded(Math.max(...kills.map((kill) => kill.clientGapMs))),
    clientFaults: samples.clientFaults,
    memoryOverheadMiB: { primary: overheadMiB('primary'), backup: overheadMiB('backup') },
  };
}

function latencyReport(
  rounds: readonly LatencyRound[],
  pick: (samples: LatencySamples) => readonly number[],
): LatencyReport | null {
  const alone = spreadOf(rounds.flatMap((round) => pick(round.alone)));
  const pair = spreadOf(rounds.flatMap((round) => pick(round.pair)));
  if (alone === null || pair === null) return null;
  return { alone, pair, addedMedian: rounded(pair.median - alone.median) };
}

/** Null of nothing. */
export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((one, other) => one - other);
  const at = Math.min(sorted.length - 1, Math.ceil(sorted.length * 0.99) - 1);
  return { median: rounded(median(sorted)), p99: rounded(sorted[at] ?? NaN) };
}

const noSpread: Spread = { median: NaN, p99: NaN };
const noLatency: LatencyReport = { alone: noSpread, pair: noSpread, addedMedian: NaN };

export interface Goal {
  readonly subject: string;
  readonly measured: string;
  readonly goal: string;
  readonly met: boolean;
}

/** The goals of issue 2, each with what was measured. */
export function goalsOf(report: PairReport): Goal[] {
  const { pingMs, exchangeMs, memoryOverheadMiB } = report;
  const atMost = (subject: string, value: number, limit: number, unit: string): Goal => ({
    subject,
    measured: `${value} ${unit}`,
    goal: `at most ${limit} ${unit}`,
    met: value <= limit,
  });
  return [
    {
      subject: 'CPU-bound work, protected to unprotected',
      measured: String(report.spinRatio),
      goal: 'at least 0.9',
      met: report.spinRatio >= 0.9,
    },
    atMost('log of an idle guest', report.idleLogMbitPerS, 0.1, 'Mbit/s'),
    ...(pingMs === null
      ? []
      : [atMost('ping, added by protection, median', pingMs.addedMedian, 1, 'ms')]),
    atMost('TCP exchange, added by protection, median', exchangeMs.addedMedian, 1, 'ms'),
    atMost('client gap at a kill, median', report.clientGapMs, 1000, 'ms'),
    atMost('increments lost or doubled', report.clientFaults, 0, 'of them'),
    atMost('memory of the primary beyond the guest’s', memoryOverheadMiB.primary, 150, 'MiB'),
    atMost('memory of the backup beyond the guest’s', memoryOverheadMiB.backup, 150, 'MiB'),
  ];
}

/** The report as a table of lines. */
export function tableOf(report: PairReport): string[] {
  const goals = goalsOf(report);
  const width = (pick: (goal: Goal) => string): number =>
    Math.max(...goals.map((goal) => pick(goal).length));
  const [subjectWidth, measuredWidth, goalWidth] = [
    width((goal) => goal.subject),
    width((goal) => goal.measured),
    width((goal) => goal.goal),
  ];
  const spread = ({ median, p99 }: Spread): string => `${median} ms (p99 ${p99})`;
  const latency = (name: string, { alone, pair }: LatencyReport): string =>
    `${name}: unprotected ${spread(alone)}, protected ${spread(pair)}`;
  const { spinUnitsPerS, idleCpuShare } = report;
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  return [
    ...goals.map(({ subject, measured, goal, met }) =>
      [
        subject.padEnd(subjectWidth),
        measured.padStart(measuredWidth),
        goal.padEnd(goalWidth),
        met ? 'met' : 'MISSED',
      ].join('   '),
    ),
    '',
    `spinning guest: ${spinUnitsPerS.alone} units a second unprotected, ${spinUnitsPerS.pair} protected; ratio of instructions by the host’s clock ${report.spinMipsRatio}`,
    `idle guest: CPU of the primary ${percent(idleCpuShare.primary)}, of the backup ${percent(idleCpuShare.backup)}`,
    ...(report.pingMs === null ? ['ping: not installed'] : [latency('ping', report.pingMs)]),
    latency('TCP exchange', report.exchangeMs),
    `kill of the primary: suspected after ${report.detectMs} ms, live ${report.goLiveMs} ms later, client gap ${report.clientGapMs} ms (longest ${report.clientGapMsMax})`,
  ];
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
