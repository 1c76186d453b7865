/** Each kill as a bar in time, with the client's silence beneath. */

import { shown } from '../spread.js';
import type { TimelineChart } from './chart.js';
import { gridLines, ink, legendOf, mutedText, noTicks, type Drawing } from './drawing.js';
import { widths, type Width } from './width.js';

const names = ['until the suspicion', 'until the first output', 'client’s silence'] as const;
const rowPx = 16;

export function timelineOption({ kills }: TimelineChart, width: Width): Drawing {
  const { legend, heightPx } = legendOf(names, widths[width]);
  const part = (index: 0 | 1 | 2, of: 'detect' | 'live' | 'silence', more: object): object => ({
    ...{ type: 'bar', name: names[index], itemStyle: { color: ink(of) } },
    ...{ barGap: '15%', barCategoryGap: '25%', ...more },
  });
  return {
    heightPx: heightPx + kills.length * rowPx + 50,
    titleOf: (_series, item) => {
      const kill = kills[item];
      if (kill === undefined) return null;
      const { detectMs, goLiveMs, clientGapMs } = kill;
      return `suspected after ${shown(detectMs)} ms, first output ${shown(goLiveMs)} ms later, client’s silence ${shown(clientGapMs)} ms`;
    },
    option: {
      legend,
      grid: { left: 8, right: 16, top: heightPx, bottom: 46 },
      xAxis: {
        ...{
          type: 'value',
          name: 'ms after the kill',
          nameLocation: 'middle',
          nameGap: 28,
          min: 0,
        },
        ...{
          nameTextStyle: mutedText,
          axisLabel: mutedText,
          splitLine: gridLines,
          axisTick: noTicks,
        },
      },
      yAxis: {
        ...{ type: 'category', inverse: true, data: kills.map((_, index) => String(index + 1)) },
        ...{ axisLabel: { show: false }, axisTick: noTicks },
        axisLine: { lineStyle: { color: ink('muted') } },
      },
      series: [
        part(0, 'detect', { stack: 'kill', data: kills.map(({ detectMs }) => detectMs) }),
        part(1, 'live', { stack: 'kill', data: kills.map(({ goLiveMs }) => goLiveMs) }),
        part(2, 'silence', { barWidth: 3, data: kills.map(({ clientGapMs }) => clientGapMs) }),
      ],
    },
  };
}
