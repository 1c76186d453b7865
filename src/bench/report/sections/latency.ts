/** Latency: what a client waits, by the distance of the backup. */

import type { LatencyRow, SectionResult } from '../../suite/result.js';
import type { Ink, SampleSeries } from '../charts/chart.js';
import { left, right, type Block, type Cell, type ReportSection } from '../document.js';
import { distributionOf, noNumber, shown } from '../spread.js';
import { sectionEnd } from './turn-columns.js';

const probes: Readonly<Record<LatencyRow['probe'], string>> = {
  ping: 'ping',
  tcp: 'TCP exchange',
};

export function latencySection(result: SectionResult<LatencyRow>): ReportSection {
  const { rows } = result;
  return {
    id: 'latency',
    title: 'Latency',
    blocks: [
      {
        kind: 'note',
        text: 'Round trips as a client sees them: a `ping`, and one line each way over a standing TCP connection. An answer leaves once the backup has acknowledged all that led to it, so the round trip of the logging channel is added to each; it is made longer by `tc`, as by a distance.',
      },
      {
        kind: 'table',
        title: 'Round trips, ms; + what was added to the round trip of the channel',
        columns: [
          left('Probe, guest'),
          ...[right('Median'), right('Quartiles'), right('99\u00a0%'), right('Longest')],
          ...[right('Median added'), right('Samples')],
        ],
        rows: rows.map((row) => rowCells(row, rows)),
      },
      ...(['ping', 'tcp'] as const)
        .filter((probe) => rows.some((row) => row.probe === probe))
        .map((probe) => chartOf(probe, rows)),
      ...sectionEnd(result),
    ],
  };
}

export function distanceName(channelRoundTripMs: number | null): string {
  if (channelRoundTripMs === null) return 'unprotected';
  return channelRoundTripMs === 0 ? 'protected' : `protected, +${channelRoundTripMs} ms`;
}

function rowCells(row: LatencyRow, rows: readonly LatencyRow[]): Cell[] {
  const { median, quarter, threeQuarters, p99, high, count } = distributionOf(row.samplesMs);
  const alone = rows.find(
    ({ probe, channelRoundTripMs }) => probe === row.probe && channelRoundTripMs === null,
  );
  const added = median - distributionOf(alone?.samplesMs ?? []).median;
  return [
    `${probes[row.probe]}, ${distanceName(row.channelRoundTripMs)}`,
    shown(median),
    `${shown(quarter)} to ${shown(threeQuarters)}`,
    shown(p99),
    shown(high),
    row.channelRoundTripMs === null ? noNumber : shown(added),
    shown(count),
  ];
}

const farInks: readonly Ink[] = ['far0', 'far1', 'far2', 'far3', 'far4'];

function chartOf(probe: LatencyRow['probe'], rows: readonly LatencyRow[]): Block {
  const ofProbe = rows.filter((row) => row.probe === probe);
  const distances = ofProbe
    .flatMap(({ channelRoundTripMs }) => (channelRoundTripMs === null ? [] : [channelRoundTripMs]))
    .sort((one, other) => one - other);
  const inkOf = ({ channelRoundTripMs }: LatencyRow): Ink =>
    channelRoundTripMs === null
      ? 'alone'
      : (farInks[distances.indexOf(channelRoundTripMs)] ?? 'far4');
  return {
    kind: 'chart',
    chart: {
      kind: 'shares',
      title: `Round trip of a ${probes[probe]}, ms`,
      caption:
        'The share of the round trips that took at most so long, by the round trip added to the logging channel. The axis is logarithmic.',
      series: ofProbe.map((row): SampleSeries => ({
        name: distanceName(row.channelRoundTripMs),
        ink: inkOf(row),
        samples: row.samplesMs,
      })),
      ...{ valueName: 'ms', scale: 'log' },
    },
  };
}
