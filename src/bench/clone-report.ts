/** What live clones add up to. Pure: no clock, no process. */

import { median } from './cpu-report.js';

/** One clone of a running machine. */
export interface CloneSample {
  /** For so long the guest stood still, by the primary's account. */
  readonly pauseMs: number;
  /** The longest wait of a client for an answer meanwhile. */
  readonly clientGapMs: number;
  /** From the backup's Hello to the pair's being formed. */
  readonly totalMs: number;
  /** On the wire. */
  readonly sentBytes: number;
  /** Of copying, that of the pause included. */
  readonly rounds: number;
  /** How much of its speed the guest was denied at most, 0 … 1. */
  readonly throttle: number;
  /** Of virtual time that the clone executed, every digest compared. */
  readonly comparedMs: number;
  readonly diverged: boolean;
}

export interface CloneSamples {
  readonly clones: readonly CloneSample[];
  /** Increments that a client missed or saw twice, and connections lost, over all clones. */
  readonly clientFaults: number;
}

/** Medians and the most. */
export interface CloneReport {
  readonly clones: number;
  readonly pauseMs: Middle;
  readonly clientGapMs: Middle;
  readonly totalMs: Middle;
  readonly sentMiB: Middle;
  readonly rounds: Middle;
  readonly throttle: Middle;
  /** The least of any clone. */
  readonly comparedMs: number;
  readonly diverged: number;
  readonly clientFaults: number;
}

export interface Middle {
  readonly median: number;
  readonly most: number;
}

export function cloneReport({ clones, clientFaults }: CloneSamples): CloneReport {
  const of = (pick: (clone: CloneSample) => number): Middle => {
    const values = clones.map(pick);
    return { median: rounded(median(values)), most: rounded(Math.max(...values)) };
  };
  return {
    clones: clones.length,
    pauseMs: of(({ pauseMs }) => pauseMs),
    clientGapMs: of(({ clientGapMs }) => clientGapMs),
    totalMs: of(({ totalMs }) => totalMs),
    sentMiB: of(({ sentBytes }) => sentBytes / 2 ** 20),
    rounds: of(({ rounds }) => rounds),
    throttle: of(({ throttle }) => throttle),
    comparedMs: rounded(Math.min(...clones.map(({ comparedMs }) => comparedMs))),
    diverged: clones.filter(({ diverged }) => diverged).length,
    clientFaults,
  };
}

/** The report as lines, with the goal of issue 5. */
export function cloneTable(report: CloneReport): string[] {
  const line = (subject: string, { median, most }: Middle, unit: string): string =>
    `${subject.padEnd(subjectWidth)}${String(median).padStart(10)} ${unit} (most ${most})`;
  const { pauseMs, diverged, clientFaults } = report;
  return [
    `${report.clones} clones of a running guest; medians:`,
    `${line('pause', pauseMs, 'ms')}: goal at most 100 ms, ${pauseMs.median <= 100 ? 'met' : 'MISSED'}`,
    line('longest wait of a client', report.clientGapMs, 'ms'),
    line('from Hello to the formed pair', report.totalMs, 'ms'),
    line('sent', report.sentMiB, 'MiB'),
    line('rounds, as told twice a second', report.rounds, ''),
    line('slowed by at most', report.throttle, 'of its speed'),
    `each clone then executed at least ${report.comparedMs} ms with every digest compared: ${diverged === 0 ? 'all equal' : `${diverged} DIVERGED`}`,
    `increments lost or doubled, connections lost: ${clientFaults}`,
  ];
}

const subjectWidth = 34;

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
