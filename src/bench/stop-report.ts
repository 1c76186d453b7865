/** What stops at positions cost, and what that means for a replica. Pure: no clock, no process. */

import type { CounterKind } from '../flow/machine/accelerator.js';
import type { StopCost, VcpuCost } from '../flow/machine/kvm-measures.js';
import { microseconds } from '../cli/check/kvm-findings.js';

/** A kind of counter: what it costs, or why it cannot be had here. */
export type CounterCost = { readonly kind: CounterKind } & (
  { readonly cost: StopCost } | { readonly unavailable: string }
);

/** A replica's work over some time, from its statistics and the log that it executed. */
export interface ReplicaWork {
  readonly workload: string;
  readonly counter: CounterKind;
  /** Of the host. */
  readonly seconds: number;
  /** Of the guest. */
  readonly virtualSeconds: number;
  readonly ownExits: number;
  readonly exactStops: number;
  readonly breakpointHits: number;
  readonly stopNs: number;
  /** Positions in the log at which the replica had to be; null when the log was not looked at. */
  readonly positions: number | null;
}

export interface StopReport {
  readonly vcpu: VcpuCost;
  readonly counters: readonly CounterCost[];
  readonly work: readonly WorkReport[];
}

export interface WorkReport extends ReplicaWork {
  readonly stopsPerGuestSecond: number;
  /** Of the replica's time. */
  readonly stopShare: number;
  readonly stopUs: number;
  /**
   * The same work, had each position been a stop, crossed step by step over the skid: calculated from the counts and
   * the cost of a step, with two instructions to a branch at least. Null without what it takes.
   */
  readonly plain: {
    readonly stopsPerGuestSecond: number;
    readonly secondsPerGuestSecond: number;
  } | null;
}

/** No code has fewer instructions to a conditional branch for long. */
const instructionsPerBranch = 2;

export function stopReport(
  vcpu: VcpuCost,
  counters: readonly CounterCost[],
  work: readonly ReplicaWork[],
): StopReport {
  return { vcpu, counters, work: work.map((each) => workReport(each, vcpu, counters)) };
}

function workReport(
  work: ReplicaWork,
  vcpu: VcpuCost,
  counters: readonly CounterCost[],
): WorkReport {
  const { seconds, virtualSeconds, exactStops, stopNs, positions } = work;
  const used = counters.find(({ kind }) => kind === work.counter);
  const skid = used !== undefined && 'cost' in used ? used.cost.skidAllowed : null;
  const stepNs = skid === null ? null : skid * instructionsPerBranch * vcpu.stepNs;
  return {
    ...work,
    stopsPerGuestSecond: rounded(exactStops / virtualSeconds),
    stopShare: rounded(stopNs / 1e9 / seconds),
    stopUs: exactStops === 0 ? 0 : rounded(stopNs / 1e3 / exactStops),
    plain:
      positions === null || stepNs === null
        ? null
        : {
            stopsPerGuestSecond: rounded(positions / virtualSeconds),
            secondsPerGuestSecond: rounded((positions * stepNs) / 1e9 / virtualSeconds),
          },
  };
}

export function linesOf({ vcpu, counters, work }: StopReport): string[] {
  const { exitNs, stepNs, stateGetNs, stateSetNs } = vcpu;
  return [
    `exit of the guest’s own     ${microseconds(exitNs)}`,
    `single step                 ${microseconds(stepNs)}`,
    `state: get, set             ${microseconds(stateGetNs)}, ${microseconds(stateSetNs)}`,
    ...counters.map(counterLine),
    ...work.flatMap(workLines),
  ];
}

function counterLine(counter: CounterCost): string {
  const name = `stop, counter ${counter.kind}`.padEnd(27);
  if ('unavailable' in counter) return `${name} not measured: ${counter.unavailable}`;
  const { stopNsMedian, stopNsMax, hitsMedian, skidMedian, skidMax, skidAllowed } = counter.cost;
  return `${name} ${microseconds(stopNsMedian)} (at most ${microseconds(stopNsMax)}), ${hitsMedian} breakpoints; skid ${skidMedian}, at most ${skidMax} of ${skidAllowed} branches`;
}

function workLines(work: WorkReport): string[] {
  const { plain } = work;
  const lines = [
    `${work.workload}, counter ${work.counter}: ${work.virtualSeconds.toFixed(1)} s of the guest in ${work.seconds.toFixed(1)} s`,
    `  stops                     ${work.stopsPerGuestSecond} a second of guest time, ${work.stopUs} µs each, ${(work.stopShare * 100).toFixed(1)} % of the time; ${work.ownExits} exits of its own needed none`,
  ];
  if (plain === null) return lines;
  return [
    ...lines,
    `  every position stepped to ${plain.stopsPerGuestSecond} a second of guest time, ${plain.secondsPerGuestSecond} s of stepping for each (calculated)`,
  ];
}

function rounded(value: number): number {
  return Number.isFinite(value) ? Math.round(value * 1000) / 1000 : 0;
}
