/** Failover: what a kill of the primary costs a client. */

import type { FailoverRow, KillSample, SectionResult } from '../../suite/result.js';
import { left, right, type Block, type Cell, type ReportSection } from '../document.js';
import { distributionOf, shown } from '../spread.js';
import { sectionEnd } from './turn-columns.js';

const parts = [
  {
    name: 'From the kill to the suspicion',
    ink: 'detect',
    pick: (kill: KillSample) => kill.detectMs,
  },
  {
    name: 'From the suspicion to the first output',
    ink: 'live',
    pick: (kill: KillSample) => kill.goLiveMs,
  },
  {
    name: 'The client’s longest silence',
    ink: 'silence',
    pick: (kill: KillSample) => kill.clientGapMs,
  },
] as const;

export function failoverSection(result: SectionResult<FailoverRow>): ReportSection {
  const { rows } = result;
  const kills = rows.flatMap((row) => row.kills);
  return {
    id: 'failover',
    title: 'Failover',
    blocks: [
      {
        kind: 'note',
        text: 'The primary is killed at a random moment while a client counts over one TCP connection; the backup goes live, and a new backup joins for the next kill.',
      },
      {
        kind: 'table',
        title: `${kills.length} kills, ms`,
        columns: [
          left('Span'),
          ...[right('Median'), right('Quartiles'), right('99\u00a0%'), right('Longest')],
        ],
        rows: parts.map(({ name, pick }): Cell[] => {
          const { median, quarter, threeQuarters, p99, high } = distributionOf(kills.map(pick));
          return [
            name,
            shown(median),
            `${shown(quarter)} to ${shown(threeQuarters)}`,
            shown(p99),
            shown(high),
          ];
        }),
      },
      { kind: 'text', text: outcome(rows) },
      ...(kills.length === 0 ? [] : charts(kills)),
      ...sectionEnd(result),
    ],
  };
}

function outcome(rows: readonly FailoverRow[]): string {
  const sum = (pick: (row: FailoverRow) => number): number =>
    rows.reduce((total, row) => total + pick(row), 0);
  const broken = sum(({ connectionSurvived }) => (connectionSurvived ? 0 : 1));
  return (
    `In ${rows.length} boot${rows.length === 1 ? '' : 's'} the guest acknowledged ${shown(sum(({ increments }) => increments))} increments to its client: ` +
    `${sum(({ lost }) => lost)} lost, ${sum(({ doubled }) => doubled)} doubled; ` +
    `${broken} of ${rows.length} connection${rows.length === 1 ? '' : 's'} broken.`
  );
}

function charts(kills: readonly KillSample[]): Block[] {
  return [
    {
      kind: 'chart',
      chart: {
        kind: 'timeline',
        title: 'Timeline of each kill, ms',
        caption:
          'One row for each kill, from the kill at 0: until the backup suspects, until its first output; the thin bar is as long as the client’s silence. Sorted by that silence.',
        kills: [...kills].sort((one, other) => one.clientGapMs - other.clientGapMs),
      },
    },
    {
      kind: 'chart',
      chart: {
        kind: 'shares',
        title: 'Distribution over the kills, ms',
        caption:
          'The share of the kills in which a span was at most so long. The axis is logarithmic.',
        series: parts.map(({ name, ink, pick }) => ({ name, ink, samples: kills.map(pick) })),
        ...{ valueName: 'ms', scale: 'log' },
      },
    },
  ];
}
