/** What several values add up to. Pure. */

import { median } from './cpu-report.js';

/** Rounded to thousandths. */
export interface Spread {
  readonly median: number;
  readonly p99: number;
}

/** Null of nothing. */
export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((one, other) => one - other);
  const at = Math.min(sorted.length - 1, Math.ceil(sorted.length * 0.99) - 1);
  return { median: rounded(median(sorted)), p99: rounded(sorted[at] ?? NaN) };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
