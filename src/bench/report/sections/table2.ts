/** Table 2: how fast the guest receives and transmits, by the width of the logging channel. */

import {
  channels,
  directions,
  type ChannelGbitPerS,
  type SectionResult,
  type Table2Row,
} from '../../suite/result.js';
import type { Group } from '../charts/chart.js';
import { left, quiet, right, type Block, type Cell, type ReportSection } from '../document.js';
import { paperTable2 } from '../paper.js';
import { noNumber, shown, shownRatio } from '../spread.js';
import { sectionEnd, turnCells, turnColumns, turnFigures } from './turn-columns.js';

export function table2Section(result: SectionResult<Table2Row>): ReportSection {
  const { rows } = result;
  return {
    id: 'table2',
    title: 'Table 2: network',
    blocks: [
      {
        kind: 'note',
        text: '`iperf3` between the guest and a client, the direction as the guest sees it. All that a guest receives goes over the logging channel too; of what it transmits only the acknowledgements.',
      },
      {
        kind: 'table',
        title: 'Throughput, and the log meanwhile; ratio: protected to unprotected',
        columns: [
          left('Guest, logging channel'),
          ...turnColumns('Mbit/s'),
          ...[right('Paper, Mbit/s'), right('Paper’s ratio'), right('Paper’s log')],
        ],
        rows: rows.map(rowCells),
      },
      ...(rows.length === 0 ? [] : charts(rows)),
      { kind: 'list', title: 'What differs from the paper’s Table 2', items: differences },
      ...sectionEnd(result),
    ],
  };
}

export function channelName(channel: ChannelGbitPerS): string {
  return channel === null ? 'unlimited' : `${channel} Gbit/s`;
}

function rowCells({ direction, channelGbitPerS, turns }: Table2Row): Cell[] {
  const paper = paperTable2(direction, channelGbitPerS);
  return [
    `${direction}s, ${channelName(channelGbitPerS)}`,
    ...turnCells(turns),
    quiet(paper === null ? noNumber : `${paper.alone} → ${paper.pair}`),
    quiet(paper === null ? noNumber : shownRatio(paper.pair / paper.alone)),
    quiet(paper === null ? noNumber : String(paper.logMbitPerS)),
  ];
}

function charts(rows: readonly Table2Row[]): Block[] {
  const places = directions
    .flatMap((direction) => channels.map((channel) => ({ direction, channel })))
    .map(({ direction, channel }) => ({
      direction,
      channel,
      row: rows.find((row) => row.direction === direction && row.channelGbitPerS === channel),
    }))
    .filter(({ row }) => row !== undefined);
  const categories = places.map(
    ({ direction, channel }) =>
      `${direction === 'receive' ? 'receive' : 'send'}\n${channel === null ? 'no limit' : channelName(channel)}`,
  );
  const ours = (name: string, pick: 'alone' | 'pair' | 'ratio', ink: Group['ink']): Group => ({
    ...{ name, ink },
    figures: places.map(({ row }) => (row === undefined ? null : turnFigures(row.turns)[pick])),
  });
  return [
    {
      kind: 'chart',
      chart: {
        kind: 'bars',
        title: 'Protected to unprotected throughput',
        caption:
          'By the width of the logging channel. Bars: median of the turns; whiskers: least and most; grey: the paper’s Table 2, which has no unlimited channel.',
        categories,
        groups: [
          ours('here', 'ratio', 'log'),
          {
            ...{ name: 'paper', ink: 'paper' },
            figures: places.map(({ direction, channel }) => {
              const paper = paperTable2(direction, channel);
              if (paper === null) return null;
              const ratio = paper.pair / paper.alone;
              return { median: ratio, low: ratio, high: ratio, count: 1 };
            }),
          },
        ],
        ...{ valueName: '', scale: 'linear', reference: 1, show: shownRatio },
      },
    },
    {
      kind: 'chart',
      chart: {
        kind: 'bars',
        title: 'Throughput, Mbit/s',
        caption:
          'By the width of the logging channel. Bars: median of the turns; whiskers: least and most.',
        categories,
        groups: [ours('unprotected', 'alone', 'alone'), ours('protected', 'pair', 'pair')],
        ...{ valueName: 'Mbit/s', scale: 'linear', reference: null, show: shown },
      },
    },
  ];
}

const differences = [
  'netperf → iperf3, one TCP connection.',
  'The paper’s client is on a line of 1 Gbit/s, which bounds every figure at 940 Mbit/s; here the client’s line is virtual, and held to that rate.',
  'The paper’s channels are networks of 1 and 10 Gbit/s (a ping of about 0.15 and 0.09 ms between the hosts); here one virtual line is limited by tc.',
];
