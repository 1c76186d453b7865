/** What the runs of the initramfs's CPU benchmark add up to. Pure: no clock, no process. */

import type { TimedLine } from './cpu/line-times.js';

/** The ways in which the same guest is run. */
export type Contestant = 'vmft' | 'vmftRecord' | 'vmftReplay' | 'qemuTcg' | 'qemuRecord';

/** Wall times in milliseconds, one per round; null for a contestant that is not installed. */
export type WallTimes = Readonly<Record<Contestant, readonly number[] | null>>;

/**
 * Whose guest's clock is the host's: that of QEMU's recording follows its instruction count, and a replay's is the
 * recording's. Without a guest there is no boot.
 */
export const subjectRunners = ['vmft', 'vmftRecord', 'qemuTcg', 'native'] as const;
export type SubjectRunner = (typeof subjectRunners)[number];

/** Medians in seconds of `boot` and of each of the benchmark's subjects, by the names that it prints. */
export type SubjectSeconds = Readonly<Record<string, number>>;

/** All but `guestMips`, the memory and `subjectSeconds` are ratios of medians of wall times of whole processes. */
export interface BootReport {
  /** vmft run / plain QEMU TCG; null without QEMU. */
  readonly ratioToQemuTcg: number | null;
  /** vmft run --record / QEMU rr=record; null without QEMU. */
  readonly ratioToQemuRecord: number | null;
  /** vmft run --record / vmft run. */
  readonly recordCost: number;
  /** vmft replay / vmft run --record. */
  readonly replayCost: number;
  /** Millions of guest instructions a second within the guest's benchmark, unrecorded. */
  readonly guestMips: number;
  /** Most resident memory of `vmft run --record` beyond the guest's own, MiB. */
  readonly memoryOverheadMiB: number;
  /** Null for one that is not there. */
  readonly subjectSeconds: Readonly<Record<SubjectRunner, SubjectSeconds | null>>;
}

/** Instructions that `bench 1` retires, counted by QEMU (-icount shift=0: one virtual nanosecond each). */
export const benchInstructions = 1.098e9;

export interface GuestResult {
  /** The lines with the checksums, without their times: equal on every right CPU. */
  readonly checksums: string;
  /** What the guest's own clock says the benchmark took. */
  readonly totalSeconds: number;
  /** The same of each subject, in its order. */
  readonly subjectSeconds: SubjectSeconds;
}

/** Reads the benchmark's lines from a console; null when it did not come to its end. */
export function parseGuestResult(output: string): GuestResult | null {
  const total = /^bench: total ([\d.]+) s\s*$/m.exec(output);
  if (total === null) return null;
  const subjects = [...output.matchAll(/^bench: (\S+) +([0-9a-f]{8}) ([\d.]+) s\s*$/gm)];
  return {
    checksums: subjects.map(([, name, checksum]) => `${name} ${checksum}`).join(', '),
    totalSeconds: Number(total[1]),
    subjectSeconds: Object.fromEntries(
      subjects.map(([, name = '', , seconds]): [string, number] => [name, Number(seconds)]),
    ),
  };
}

/** From the process's start until the benchmark began: when its first subject ended, less what that took. Null: it never did. */
export function bootSeconds(lines: readonly TimedLine[]): number | null {
  for (const { text, atMs } of lines) {
    const [, seconds] = /^bench: \S+ +[0-9a-f]{8} ([\d.]+) s\s*$/.exec(text) ?? [];
    if (seconds !== undefined) return atMs / 1000 - Number(seconds);
  }
  return null;
}

/** Medians of each subject over rounds that all have the same; null of none. */
export function medianSeconds(rounds: readonly SubjectSeconds[]): SubjectSeconds | null {
  const [first] = rounds;
  if (first === undefined) return null;
  return Object.fromEntries(
    Object.keys(first).map((name) => [
      name,
      rounded(median(rounds.map((round) => round[name] ?? NaN))),
    ]),
  );
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

export function report(
  times: WallTimes,
  guestSeconds: readonly number[],
  overheadBytes: readonly number[],
  subjects: Readonly<Record<SubjectRunner, readonly SubjectSeconds[]>>,
): BootReport {
  const ratio = (of: Contestant, to: Contestant): number | null => {
    const [numerator, denominator] = [times[of], times[to]];
    if (numerator === null || denominator === null) return null;
    return rounded(median(numerator) / median(denominator));
  };
  return {
    ratioToQemuTcg: ratio('vmft', 'qemuTcg'),
    ratioToQemuRecord: ratio('vmftRecord', 'qemuRecord'),
    recordCost: ratio('vmftRecord', 'vmft') ?? NaN,
    replayCost: ratio('vmftReplay', 'vmftRecord') ?? NaN,
    guestMips: Math.round(benchInstructions / median(guestSeconds) / 1e6),
    memoryOverheadMiB: Math.round(Math.max(...overheadBytes) / 2 ** 20),
    subjectSeconds: {
      vmft: medianSeconds(subjects.vmft),
      vmftRecord: medianSeconds(subjects.vmftRecord),
      qemuTcg: medianSeconds(subjects.qemuTcg),
      native: medianSeconds(subjects.native),
    },
  };
}

/** To thousandths. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
