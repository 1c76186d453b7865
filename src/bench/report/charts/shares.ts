/** The share of samples up to a value: an empirical distribution function for each series. */

import { distributionOf, quantileOf, shown } from '../spread.js';
import type { SampleSeries, ShareChart } from './chart.js';
import {
  axisTitle,
  decadesAround,
  gridLines,
  ink,
  mutedText,
  noTicks,
  valueAxis,
  type Drawing,
} from './drawing.js';

/** More could not be told apart. */
const pointsMax = 160;

export function shareOption(chart: ShareChart): Drawing {
  const { series, valueName, scale } = chart;
  const ends = series.flatMap(({ samples }) => {
    const { low, high } = distributionOf(samples);
    return [low, high];
  });
  return {
    heightPx: 280,
    titleOf: (index) => {
      const of = series[index];
      return of === undefined
        ? null
        : `${of.name}: median ${shown(distributionOf(of.samples).median)} ${valueName}`;
    },
    option: {
      grid: { left: 46, right: 16, top: 8, bottom: 46 },
      xAxis: {
        ...valueAxis(scale === 'log' ? 'log' : 'value', valueName, String),
        ...axisTitle(valueName),
        ...(scale === 'log' ? decadesAround(ends) : { min: 0 }),
      },
      yAxis: {
        ...{ type: 'value', min: 0, max: 1, interval: 0.25, splitLine: gridLines },
        ...{ axisTick: noTicks, axisLine: { show: false } },
        axisLabel: { ...mutedText, formatter: (share: number) => `${share * 100} %` },
      },
      series: series.map((of) => ({
        ...{ type: 'line', name: of.name, step: 'end', symbol: 'none' },
        ...{ itemStyle: { color: ink(of.ink) }, lineStyle: { color: ink(of.ink), width: 2 } },
        data: sharesOf(of, scale),
      })),
    },
  };
}

/** From 0 at the least sample to 1 at the most. A logarithmic axis has no place for 0. */
function sharesOf({ samples }: SampleSeries, scale: ShareChart['scale']): [number, number][] {
  const sorted = samples
    .filter((value) => Number.isFinite(value) && (scale === 'linear' || value > 0))
    .sort((one, other) => one - other);
  if (sorted.length === 0) return [];
  const points = Math.min(pointsMax, sorted.length);
  const steps = Array.from({ length: points }, (_, index): [number, number] => {
    const share = (index + 1) / points;
    return [points < sorted.length ? quantileOf(sorted, share) : (sorted[index] ?? NaN), share];
  });
  return [[sorted[0] ?? NaN, 0], ...steps];
}
