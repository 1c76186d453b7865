/**
 * Charts as SVG by ECharts, without a browser. Colours are CSS variables, so that one drawing serves light, dark and print; each chart
 * is drawn twice, for a wide page and for a phone, since text in a drawing that is made smaller cannot be read.
 */

import { init, use, type EChartsCoreOption } from 'echarts/core';
import { BarChart, CustomChart, LineChart } from 'echarts/charts';
import { GridComponent, MarkLineComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';

import type { Chart } from './chart.js';
import { barOption } from './bars.js';
import { lineOption } from './lines.js';
import type { Drawing } from './drawing.js';
import { shareOption } from './shares.js';
import { timelineOption } from './timeline.js';
import { widths, type Width } from './width.js';

use([...[BarChart, CustomChart, LineChart, GridComponent], ...[MarkLineComponent, SVGRenderer]]);

export function svgOf(chart: Chart, width: Width): string {
  const drawing = drawingOf(chart, width);
  const instance = init(null, null, {
    ...{ renderer: 'svg', ssr: true },
    ...{ width: widths[width], height: drawing.heightPx },
  });
  try {
    instance.setOption({ animation: false, ...drawing.option } satisfies EChartsCoreOption);
    return titled(instance.renderToSVGString({ useViewBox: true }), drawing.titleOf);
  } finally {
    // It would keep a timer, and the process alive.
    instance.dispose();
  }
}

function drawingOf(chart: Chart, width: Width): Drawing {
  switch (chart.kind) {
    case 'bars':
      return barOption(chart, width);
    case 'shares':
      return shareOption(chart);
    case 'timeline':
      return timelineOption(chart);
    case 'lines':
      return lineOption(chart);
  }
}

/** Gives marks the titles that browsers show beside the pointer, and takes away what only animations need. */
function titled(svg: string, titleOf: Drawing['titleOf']): string {
  return svg
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/ class="zr[\w-]*"/g, '')
    .replace(
      /<(path|rect|circle)([^>]*?) ecmeta_series_index="(\d+)" ecmeta_data_index="(\d+)"([^>]*)><\/\1>/g,
      (mark: string, tag: string, before: string, series: string, item: string, after: string) => {
        const title = titleOf(Number(series), Number(item));
        if (title === null) return mark;
        return `<${tag}${before}${after}><title>${escapedText(title)}</title></${tag}>`;
      },
    )
    .replace(/ ecmeta_\w+="[^"]*"/g, '');
}

function escapedText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
