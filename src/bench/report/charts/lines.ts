/** Lines through medians at equal distances, with whiskers. */

import type { CustomSeriesRenderItem } from 'echarts';

import type { Figure } from '../../suite/figures.js';
import { shownWithSpread } from '../spread.js';
import type { LineChart } from './chart.js';
import {
  axisLabel,
  axisTitle,
  categoryAxis,
  decadesAround,
  ink,
  topOf,
  valueAxis,
  type Drawing,
} from './drawing.js';
import { referenceLine } from './reference-line.js';

export function lineOption(chart: LineChart): Drawing {
  const { at, atName, groups, valueName, scale, reference, show } = chart;
  return {
    heightPx: 260,
    // Lines and whiskers take turns.
    titleOf: (series, item) => {
      const group = groups[Math.floor(series / 2)];
      const figure = group?.figures[item];
      if (group === undefined || figure === null || figure === undefined) return null;
      return `${atName} ${at[item] ?? ''}, ${group.name}: ${shownWithSpread(figure, show)}`;
    },
    option: {
      grid: { left: 46, right: 16, top: valueName === '' ? 6 : 24, bottom: 46 },
      xAxis: {
        ...categoryAxis(at),
        ...axisTitle(atName),
      },
      yAxis: {
        ...valueAxis(scale === 'log' ? 'log' : 'value', valueName, axisLabel),
        ...rangeOf(chart),
      },
      series: groups.flatMap((group, index) => [
        {
          ...{ type: 'line', name: group.name, symbol: 'circle', symbolSize: 8 },
          ...{
            itemStyle: { color: ink(group.ink) },
            lineStyle: { color: ink(group.ink), width: 2 },
          },
          data: group.figures.map((figure) => figure?.median ?? null),
          ...(index === 0 && reference !== null
            ? { markLine: referenceLine('yAxis', reference) }
            : {}),
        },
        {
          ...{ type: 'custom', silent: true, renderItem: whisker },
          data: group.figures.map(whiskerData),
        },
      ]),
    },
  };
}

function rangeOf({ groups, scale, reference }: LineChart): object {
  const known = groups.flatMap(({ figures }) => figures.filter((figure) => figure !== null));
  const values = known.flatMap(({ low, high }) => [low, high]).filter(Number.isFinite);
  if (scale === 'log') return decadesAround(values);
  return { min: 0, max: topOf(values, reference) };
}

function whiskerData(figure: Figure | null, category: number): number[] {
  return [category, figure?.low ?? NaN, figure?.high ?? NaN];
}

const whisker: CustomSeriesRenderItem = (_params, api) => {
  const [category, low, high] = [0, 1, 2].map((dimension) => Number(api.value(dimension))) as [
    ...[number, number, number],
  ];
  if (!Number.isFinite(low) || low === high) return null;
  const [x = 0, y1 = 0] = api.coord([category, low]);
  const [, y2 = 0] = api.coord([category, high]);
  const line = (from: number, fromY: number, to: number, toY: number) => ({
    type: 'line' as const,
    shape: { x1: from, y1: fromY, x2: to, y2: toY },
    style: { stroke: ink('text'), lineWidth: 1.2 },
  });
  return {
    type: 'group',
    children: [line(x, y1, x, y2), line(x - 4, y1, x + 4, y1), line(x - 4, y2, x + 4, y2)],
  };
};
