/** Groups of bars with whiskers; points with whiskers where the axis is logarithmic and has no 0. */

import type { CustomSeriesRenderItem } from 'echarts';

import type { Figure } from '../../suite/figures.js';
import { shownWithSpread } from '../spread.js';
import type { BarChart, Group } from './chart.js';
import {
  axisLabel,
  categoryAxis,
  decadesAround,
  ink,
  topOf,
  valueAxis,
  type Drawing,
} from './drawing.js';
import { referenceLine } from './reference-line.js';
import type { Width } from './width.js';

/** Of the room of a category. */
const groupShare = 0.74;

export function barOption(chart: BarChart, width: Width): Drawing {
  const { categories, groups, valueName, scale, reference, show } = chart;
  const plotPx = 230;
  const names = categories.map((name) => (width === 'narrow' ? stacked(name) : name));
  const bottomPx = 13 + 15 * Math.max(...names.map((name) => name.split('\n').length));
  const axisNamePx = valueName === '' ? 6 : 24;
  const figures = groups.flatMap((group) => group.figures.filter((figure) => figure !== null));
  const range =
    scale === 'log'
      ? decadesAround(figures.flatMap(({ low, high }) => [low, high]))
      : {
          min: 0,
          max: topOf(
            figures.map(({ high }) => high),
            reference,
          ),
        };
  return {
    heightPx: axisNamePx + plotPx + bottomPx,
    titleOf: (series, item) => {
      const group = groups[series];
      const figure = group?.figures[item];
      if (group === undefined || figure === null || figure === undefined) return null;
      const category = categories[item]?.replace('\n', ', ') ?? '';
      return `${category}, ${group.name}: ${shownWithSpread(figure, show)}`;
    },
    option: {
      grid: { left: 46, right: 8, top: axisNamePx, bottom: bottomPx },
      xAxis: categoryAxis(names),
      yAxis: { ...valueAxis(scale === 'log' ? 'log' : 'value', valueName, axisLabel), ...range },
      series: groups.map((group, index) => ({
        type: 'custom',
        itemStyle: { color: ink(group.ink) },
        data: group.figures.map(dataOf),
        renderItem: drawerOf(groups, index, chart, range.min),
        ...(index === 0 && reference !== null
          ? { markLine: referenceLine('yAxis', reference) }
          : {}),
      })),
    },
  };
}

/** Each word beneath the other. */
function stacked(name: string): string {
  return name.replaceAll(' ', '\n');
}

/** A category that was not measured keeps its place. */
function dataOf(figure: Figure | null, category: number): number[] {
  return figure === null || !Number.isFinite(figure.median)
    ? [category, NaN, NaN, NaN]
    : [category, figure.median, figure.low, figure.high];
}

function drawerOf(
  groups: readonly Group[],
  index: number,
  { scale }: BarChart,
  floor: number,
): CustomSeriesRenderItem {
  const fill = ink(groups[index]?.ink ?? 'log');
  return (_params, api) => {
    const [category, median, low, high] = [0, 1, 2, 3].map((dimension) =>
      Number(api.value(dimension)),
    ) as [number, number, number, number];
    if (!Number.isFinite(median)) return null;
    const bandPx = (api.size?.([1, 0]) as number[])[0] ?? 0;
    const slotPx = (bandPx * groupShare) / groups.length;
    const pixels = (value: number): [number, number] => {
      const [x = 0, y = 0] = api.coord([category, Math.max(value, floor)]);
      return [x - (bandPx * groupShare) / 2 + (index + 0.5) * slotPx, y];
    };
    const [x, top] = pixels(median);
    const [, bottom] = pixels(floor);
    const widthPx = Math.min(slotPx * 0.86, 46);
    const mark =
      scale === 'log'
        ? { type: 'circle' as const, shape: { cx: x, cy: top, r: 5 }, style: { fill } }
        : {
            type: 'rect' as const,
            shape: {
              x: x - widthPx / 2,
              y: top,
              width: widthPx,
              height: bottom - top,
              r: [2, 2, 0, 0],
            },
            style: { fill },
          };
    if (low === high) return { type: 'group', children: [mark] };
    const [, lowPx] = pixels(low);
    const [, highPx] = pixels(high);
    const capPx = Math.min(5, slotPx / 4);
    const line = (x1: number, y1: number, x2: number, y2: number) => ({
      type: 'line' as const,
      shape: { x1, y1, x2, y2 },
      style: { stroke: ink('text'), lineWidth: 1.2 },
    });
    return {
      type: 'group',
      children: [
        mark,
        line(x, lowPx, x, highPx),
        line(x - capPx, lowPx, x + capPx, lowPx),
        line(x - capPx, highPx, x + capPx, highPx),
      ],
    };
  };
}
