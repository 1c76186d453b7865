import { median } from '../cpu-report.js';
import type { Turn } from './result.js';

/** What several samples add up to. */
export interface Figure {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** Least and most are the spread: of few samples quartiles say less. Of none: NaN. */
export function figureOf(values: readonly number[]): Figure {
  if (values.length === 0) return { median: NaN, low: NaN, high: NaN, count: 0 };
  return {
    median: median(values),
    low: Math.min(...values),
    high: Math.max(...values),
    count: values.length,
  };
}

/** Protected to unprotected, of each turn. */
export function ratioOf(turns: readonly Turn[]): Figure {
  return figureOf(turns.map(({ alone, pair }) => pair / alone));
}
