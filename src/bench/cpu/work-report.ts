/** What the runs of the workloads add up to. Pure: no clock, no process. */

import { median, rounded } from '../cpu-report.js';

/** Each a file of functions in images/bench-disk/overlay/usr/lib/vmft/bench/work. */
export const workloadNames = ['compile', 'postgresql', 'python', 'regex', 'compression'] as const;
export type WorkloadName = (typeof workloadNames)[number];

/** Where the same work is done. */
export const workers = ['vmft', 'qemuTcg', 'native'] as const;
export type Worker = (typeof workers)[number];

/** Milliseconds by the host's clock, one per round; null for a worker that is not there. */
export type WorkTimes = Readonly<Record<Worker, readonly number[] | null>>;

/** Seconds are medians, ratios those of medians. Null without that worker. */
export interface WorkRow {
  readonly workload: WorkloadName;
  readonly seconds: Readonly<Record<Worker, number | null>>;
  /** vmft run / plain QEMU TCG: below 1 is ahead. */
  readonly ratioToQemuTcg: number | null;
  /** vmft run / the same work on this host without a guest. */
  readonly ratioToNative: number | null;
  /** Plain QEMU TCG / the same work on this host without a guest. */
  readonly qemuRatioToNative: number | null;
}

export function workRow(workload: WorkloadName, times: WorkTimes): WorkRow {
  const seconds = (worker: Worker): number | null => {
    const of = times[worker];
    return of === null ? null : median(of) / 1000;
  };
  const ratio = (of: Worker, to: Worker): number | null => {
    const [numerator, denominator] = [seconds(of), seconds(to)];
    return numerator === null || denominator === null ? null : rounded(numerator / denominator);
  };
  const shown = (worker: Worker): number | null => {
    const value = seconds(worker);
    return value === null ? null : rounded(value);
  };
  return {
    workload,
    seconds: { vmft: shown('vmft'), qemuTcg: shown('qemuTcg'), native: shown('native') },
    ratioToQemuTcg: ratio('vmft', 'qemuTcg'),
    ratioToNative: ratio('vmft', 'native'),
    qemuRatioToNative: ratio('qemuTcg', 'native'),
  };
}
