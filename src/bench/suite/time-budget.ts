/** How the time of the bench is shared out. Pure: the time comes in. */

import type { SectionName } from './result.js';

export interface Share {
  /** When a section begins nothing new any more. */
  readonly softEndMs: number;
  /** When it is ended, whatever it is at. */
  readonly hardEndMs: number;
}

/** Of the whole, its report included. */
export const budgetMs = { quick: 10 * 60_000, full: 60 * 60_000 } as const;

/**
 * For what a section is at when its share is over, and for writing results: beyond the last share there is so much
 * until the whole time is over.
 */
export const graceMs = { quick: 25_000, full: 120_000 } as const;

/**
 * The share of the first of `expected`, which are the sections still to come, with what each expects. It may use all that the others
 * do not expect to need; when there is too little for all, it gets its part of what there is. `endMs` is when the whole time is over.
 */
export function shareOfFirst(
  expected: readonly (readonly [SectionName, number])[],
  nowMs: number,
  endMs: number,
  gracePeriodMs: number,
): Share {
  const leftMs = Math.max(0, endMs - gracePeriodMs - nowMs);
  const [, first] = expected[0] ?? ['table1', 0];
  const all = expected.reduce((sum, [, each]) => sum + each, 0);
  const shareMs = all <= leftMs ? leftMs - (all - first) : leftMs * (all === 0 ? 1 : first / all);
  const softEndMs = nowMs + shareMs;
  return { softEndMs, hardEndMs: Math.min(softEndMs + gracePeriodMs * 0.8, endMs) };
}
