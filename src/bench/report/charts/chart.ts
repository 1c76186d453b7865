/** What a chart shows; how it is drawn is render.ts's business. Pure. */

import type { Figure } from '../../suite/figures.js';

export interface ChartFrame {
  readonly title: string;
  /** For those who cannot see it, and beneath it: what is to be seen. */
  readonly caption: string;
}

/** Colours by what they stand for, so that they mean the same in all charts. */
export const inks = [
  ...(['log', 'backup', 'alone', 'pair', 'paper'] as const),
  ...(['detect', 'live', 'silence'] as const),
  ...(['far0', 'far1', 'far2', 'far3', 'far4'] as const),
] as const;
export type Ink = (typeof inks)[number];

export interface Group {
  readonly name: string;
  readonly ink: Ink;
  /** One for each category; null: not measured. */
  readonly figures: readonly (Figure | null)[];
}

/** Bars next to each other with their spread, or points where the axis is logarithmic. */
export interface BarChart extends ChartFrame {
  readonly kind: 'bars';
  readonly categories: readonly string[];
  readonly groups: readonly Group[];
  readonly valueName: string;
  readonly scale: 'linear' | 'log';
  /** A line across, where there is something to compare with: 1 for ratios. */
  readonly reference: number | null;
  readonly show: (value: number) => string;
}

export interface SampleSeries {
  readonly name: string;
  readonly ink: Ink;
  readonly samples: readonly number[];
}

/** Which share of the samples is at most so large. */
export interface ShareChart extends ChartFrame {
  readonly kind: 'shares';
  readonly series: readonly SampleSeries[];
  readonly valueName: string;
  readonly scale: 'linear' | 'log';
}

/** A bar for each kill, from the kill on, ms. */
export interface TimelineChart extends ChartFrame {
  readonly kind: 'timeline';
  readonly kills: readonly {
    readonly detectMs: number;
    readonly goLiveMs: number;
    readonly clientGapMs: number;
  }[];
}

/** Lines through medians, with their spread. */
export interface LineChart extends ChartFrame {
  readonly kind: 'lines';
  readonly at: readonly string[];
  readonly atName: string;
  readonly groups: readonly Group[];
  readonly valueName: string;
  readonly scale: 'linear' | 'log';
  readonly reference: number | null;
  readonly show: (value: number) => string;
}

export type Chart = BarChart | ShareChart | TimelineChart | LineChart;
