/** What the colours of a chart stand for. Pure. */

import type { Chart, Ink } from './chart.js';

export interface LegendItem {
  readonly name: string;
  readonly ink: Ink;
}

export const timelineLegend = [
  { name: 'until the suspicion', ink: 'detect' },
  { name: 'until the first output', ink: 'live' },
  { name: 'the client’s silence', ink: 'silence' },
] as const;

/** Empty where there is but one thing to see. */
export function legendOf(chart: Chart): readonly LegendItem[] {
  switch (chart.kind) {
    case 'bars':
    case 'lines':
      return chart.groups.length < 2 ? [] : chart.groups;
    case 'shares':
      return chart.series;
    case 'timeline':
      return timelineLegend;
  }
}
