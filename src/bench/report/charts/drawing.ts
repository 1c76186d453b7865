/** What all drawings have in common: colours, type, axes. Their legends are the page's: it knows how wide a word is. */

import type { EChartsCoreOption } from 'echarts/core';

import type { Ink } from './chart.js';

export interface Drawing {
  readonly option: EChartsCoreOption;
  readonly heightPx: number;
  /** Of a mark, beside the pointer. */
  readonly titleOf: (series: number, item: number) => string | null;
}

/** A colour of the page's style. */
export function ink(name: Ink | 'text' | 'muted' | 'grid' | 'page'): string {
  return `var(--${name})`;
}

export const fontSizePx = 12;
const font = { fontSize: fontSizePx, fontFamily: 'system-ui, sans-serif' };

export const mutedText = { ...font, color: ink('muted') };
export const plainText = { ...font, color: ink('text') };

export const gridLines = { lineStyle: { color: ink('grid') } };
export const noTicks = { show: false };

/** With its name above it: beside it there is no room on a phone. */
export function valueAxis(
  type: 'value' | 'log',
  name: string,
  show: (value: number) => string,
): object {
  return {
    ...{ type, name, nameTextStyle: { ...mutedText, align: 'left' }, nameGap: 10 },
    ...{ axisLabel: { ...mutedText, formatter: show }, splitLine: gridLines },
    ...{ axisLine: { show: false }, axisTick: noTicks, minorSplitLine: { show: false } },
  };
}

/** Short, since it stands beside the plot: 12.5k. */
export function axisLabel(value: number): string {
  if (value >= 1000) return `${Number((value / 1000).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}

/** Beneath an axis of values or of places. */
export function axisTitle(name: string): object {
  return { name, nameLocation: 'middle', nameGap: 28, nameTextStyle: mutedText };
}

export function categoryAxis(data: readonly string[]): object {
  return {
    ...{ type: 'category', data: [...data], axisTick: noTicks },
    ...{ axisLabel: { ...mutedText, interval: 0, lineHeight: 15 } },
    axisLine: { lineStyle: { color: ink('muted') } },
  };
}

/** Powers of ten around all of `values`, which are above 0. */
export function decadesAround(values: readonly number[]): { min: number; max: number } {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  if (positive.length === 0) return { min: 0.1, max: 10 };
  const min = 10 ** Math.floor(Math.log10(Math.min(...positive)));
  const max = 10 ** Math.ceil(Math.log10(Math.max(...positive)));
  return { min, max: max > min ? max : min * 10 };
}

/** The end of an axis from 0 on, with room for all whiskers; for ratios it does not change with what is measured, but where it must. */
export function topOf(values: readonly number[], reference: number | null): number {
  const most = Math.max(...values.filter(Number.isFinite), reference ?? 0, 1e-6);
  if (reference === 1 && most <= 1.2) return 1.2;
  const unit = 10 ** Math.floor(Math.log10(most)) / 2;
  return Math.ceil((most * 1.02) / unit) * unit;
}
