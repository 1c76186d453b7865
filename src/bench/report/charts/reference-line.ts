/** What is compared with, across the plot. */

import { ink } from './drawing.js';

export function referenceLine(axis: 'xAxis' | 'yAxis', value: number): object {
  return {
    ...{ silent: true, symbol: 'none', label: { show: false } },
    lineStyle: { color: ink('text'), type: 'dashed', width: 1 },
    data: [{ [axis]: value }],
  };
}
