/** A result as a report: one document, shown as a page, as Markdown, or on a terminal. */

import type { BenchResult } from '../suite/result.js';
import type { ReportDocument } from './document.js';
import { markdownOf } from './markdown.js';
import { failoverSection } from './sections/failover.js';
import { idleSection } from './sections/idle.js';
import { latencySection } from './sections/latency.js';
import {
  goalsSection,
  leadOf,
  machineSection,
  methodSection,
  tilesOf,
} from './sections/overview.js';
import { scaleSection } from './sections/scale.js';
import { table1Section } from './sections/table1.js';
import { table2Section } from './sections/table2.js';

export function reportOf(result: BenchResult): ReportDocument {
  const { table1, table2, latency, failover, idle, scale } = result.sections;
  return {
    title: 'vmft bench: what protection costs',
    lead: leadOf(result),
    tiles: tilesOf(result),
    sections: [
      goalsSection(result),
      ...(table1 === null ? [] : [table1Section(table1)]),
      ...(table2 === null ? [] : [table2Section(table2)]),
      ...(latency === null ? [] : [latencySection(latency)]),
      ...(failover === null ? [] : [failoverSection(failover)]),
      ...(idle === null ? [] : [idleSection(idle)]),
      ...(scale === null ? [] : [scaleSection(scale)]),
      methodSection(result),
      machineSection(result),
    ],
  };
}

/** One page that fetches nothing. The charting library is loaded only here. */
export async function htmlReport(result: BenchResult): Promise<string> {
  const { htmlOf } = await import('./html.js');
  return htmlOf(reportOf(result));
}

/** For pasting. */
export function markdownReport(result: BenchResult): string {
  return markdownOf(reportOf(result), 'whole');
}

/** For a terminal of `columns`: the tables, without what explains them. */
export function textReport(result: BenchResult, columns: number): string {
  return markdownOf(reportOf(result), 'tables', columns);
}
