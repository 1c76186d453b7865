/** What the runs of the CPU benchmark add up to. Pure: no clock, no process. */

/** The ways in which the same guest is run. */
export type Contestant = 'vmft' | 'vmftRecord' | 'vmftReplay' | 'qemuTcg' | 'qemuRecord';

/** Wall times in milliseconds, one per round; null for a contestant that is not installed. */
export type WallTimes = Readonly<Record<Contestant, readonly number[] | null>>;

/** All but `guestMips` and the memory are ratios of medians of wall times of whole processes. */
export interface CpuReport {
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
}

/** Instructions that `bench 1` retires, counted by QEMU (-icount shift=0: one virtual nanosecond each). */
export const benchInstructions = 1.098e9;

export interface GuestResult {
  /** The lines with the checksums, without their times: equal on every right CPU. */
  readonly checksums: string;
  /** What the guest's own clock says the benchmark took. */
  readonly totalSeconds: number;
}

/** Reads the benchmark's lines from a console; null when it did not come to its end. */
export function parseGuestResult(output: string): GuestResult | null {
  const total = /^bench: total ([\d.]+) s\s*$/m.exec(output);
  if (total === null) return null;
  const subjects = [...output.matchAll(/^bench: (\S+) +([0-9a-f]{8}) [\d.]+ s\s*$/gm)];
  return {
    checksums: subjects.map(([, name, checksum]) => `${name} ${checksum}`).join(', '),
    totalSeconds: Number(total[1]),
  };
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
): CpuReport {
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
  };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
