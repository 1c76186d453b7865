/** Many samples, and how numbers are shown. Pure. */

import type { Figure } from '../suite/figures.js';

/** Of samples in the hundreds; `low` to `high` are all of them. Of none: NaN. */
export interface Distribution extends Figure {
  readonly quarter: number;
  readonly threeQuarters: number;
  readonly p99: number;
}

export function distributionOf(values: readonly number[]): Distribution {
  const sorted = values.filter(Number.isFinite).sort((one, other) => one - other);
  return {
    count: sorted.length,
    low: quantileOf(sorted, 0),
    quarter: quantileOf(sorted, 0.25),
    median: quantileOf(sorted, 0.5),
    threeQuarters: quantileOf(sorted, 0.75),
    p99: quantileOf(sorted, 0.99),
    high: quantileOf(sorted, 1),
  };
}

/** Between two neighbours by their distances; `share` 0 to 1. Of none: NaN. */
export function quantileOf(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return NaN;
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}

export const noNumber = '–';

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** Whole numbers as they are, others with three digits, or two where they are small: 12,345; 123; 12.3; 0.012. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return noNumber;
  if (Number.isInteger(value) || Math.abs(value) >= 100) return grouped.format(value);
  if (Math.abs(value) < 5e-7) return '0';
  return Number(value.toPrecision(3)).toPrecision(Math.abs(value) >= 0.1 ? 3 : 2);
}

/** Ratios near one differ in the third digit. */
export function shownRatio(value: number): string {
  return Number.isFinite(value) ? value.toFixed(3) : noNumber;
}

/** `0.974 (0.961 to 0.982)`; of one sample there is no spread. */
export function shownWithSpread(figure: Figure, show: (value: number) => string = shown): string {
  const { median, low, high, count } = figure;
  if (count < 2 || !Number.isFinite(median)) return show(median);
  return `${show(median)} (${show(low)} to ${show(high)})`;
}

export function shownDuration(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = `${Math.floor(seconds / 60)} min`;
  return seconds % 60 === 0 ? minutes : `${minutes} ${seconds % 60} s`;
}
