/** Each kill as a bar in time, with the client's silence beneath. */

import { shown } from '../spread.js';
import type { Ink, TimelineChart } from './chart.js';
import { timelineLegend } from './legend.js';
import { axisTitle, gridLines, ink, mutedText, noTicks, type Drawing } from './drawing.js';

const rowPx = 16;

export function timelineOption({ kills }: TimelineChart): Drawing {
  const [detect, live, silence] = timelineLegend;
  const part = (of: Ink, more: object): object => ({
    ...{ type: 'bar', itemStyle: { color: ink(of) }, barGap: '15%', barCategoryGap: '25%' },
    ...more,
  });
  return {
    heightPx: kills.length * rowPx + 50,
    titleOf: (_series, item) => {
      const kill = kills[item];
      if (kill === undefined) return null;
      const { detectMs, goLiveMs, clientGapMs } = kill;
      return `suspected after ${shown(detectMs)} ms, first output ${shown(goLiveMs)} ms later, client’s silence ${shown(clientGapMs)} ms`;
    },
    option: {
      grid: { left: 8, right: 16, top: 4, bottom: 46 },
      xAxis: {
        ...{ type: 'value', min: 0, axisLabel: mutedText, splitLine: gridLines, axisTick: noTicks },
        ...axisTitle('ms after the kill'),
      },
      yAxis: {
        ...{ type: 'category', inverse: true, data: kills.map((_, index) => String(index + 1)) },
        ...{ axisLabel: { show: false }, axisTick: noTicks },
        axisLine: { lineStyle: { color: ink('muted') } },
      },
      series: [
        part(detect.ink, { stack: 'kill', data: kills.map(({ detectMs }) => detectMs) }),
        part(live.ink, { stack: 'kill', data: kills.map(({ goLiveMs }) => goLiveMs) }),
        part(silence.ink, { barWidth: 3, data: kills.map(({ clientGapMs }) => clientGapMs) }),
      ],
    },
  };
}
