/** Scale: cost against the guest's memory, the connections to it, and the protected guests on a host. */

import { figureOf, type Figure } from '../../suite/figures.js';
import {
  scaleSubjects,
  type ScaleRow,
  type ScaleSubject,
  type SectionResult,
} from '../../suite/result.js';
import type { ChartFrame, Group, LineChart } from '../charts/chart.js';
import { right, spared, type Block, type Cell, type ReportSection } from '../document.js';
import { shown, shownRatio, shownWithSpread } from '../spread.js';
import { sectionEnd, turnCells, turnColumns, turnFigures } from './turn-columns.js';

interface Subject {
  readonly title: string;
  readonly atName: string;
  readonly overhead: string;
}

const subjects: Readonly<Record<ScaleSubject, Subject>> = {
  memory: {
    title: 'Guest memory',
    atName: 'Guest memory, MiB',
    overhead: 'Memory beyond the guest’s, primary / backup, MiB',
  },
  connections: {
    title: 'Connections to the guest',
    atName: 'Connections',
    overhead: 'Memory beyond the guest’s, primary / backup, MiB',
  },
  guests: {
    title: 'Protected guests on this host',
    atName: 'Protected guests',
    overhead: 'Memory beyond the guests’, all primaries / all backups, MiB',
  },
};

export function scaleSection(result: SectionResult<ScaleRow>): ReportSection {
  return {
    id: 'scale',
    title: 'Scale',
    blocks: [
      ...scaleSubjects.flatMap((subject) => {
        const rows = result.rows
          .filter((row) => row.subject === subject)
          .sort((one, other) => one.at - other.at);
        return rows.length === 0 ? [] : subjectBlocks(subjects[subject], rows);
      }),
      ...sectionEnd(result),
    ],
  };
}

function subjectBlocks(subject: Subject, rows: readonly ScaleRow[]): Block[] {
  const units = [...new Set(rows.map(({ unit }) => unit))];
  return [
    {
      kind: 'table',
      title: `${subject.title}${units.length === 1 ? `; speeds in ${units.join('')}` : ''}`,
      columns: [
        right(subject.atName),
        ...turnColumns(''),
        ...[
          right('Join, ms'),
          spared(right('Pause of the guest, ms')),
          spared(right(subject.overhead)),
        ],
      ],
      rows: rows.map(rowCells),
    },
    ...charts(subject, rows),
  ];
}

function rowCells({ at, turns, joinMs, pauseMs, overheadMiB }: ScaleRow): Cell[] {
  const most = (of: 'primary' | 'backup'): number =>
    Math.max(...overheadMiB.map((overhead) => overhead[of]));
  return [
    shown(at),
    ...turnCells(turns),
    shownWithSpread(figureOf(joinMs)),
    shownWithSpread(figureOf(pauseMs)),
    `${shown(most('primary'))} / ${shown(most('backup'))}`,
  ];
}

function charts({ title, atName }: Subject, rows: readonly ScaleRow[]): Block[] {
  const at = rows.map((row) => shown(row.at));
  const units = [...new Set(rows.map(({ unit }) => unit))].join(', ');
  const group = (name: string, ink: Group['ink'], pick: (row: ScaleRow) => Figure): Group => ({
    ...{ name, ink },
    figures: rows.map(pick),
  });
  const lines = (
    subject: string,
    more: Omit<LineChart, keyof ChartFrame | 'kind' | 'at' | 'atName'>,
  ): Block => {
    const caption = `Lines: median of the turns; whiskers: least and most.${more.scale === 'log' ? ' The axis is logarithmic.' : ''}`;
    const chart = { kind: 'lines' as const, title: `${title}: ${subject}`, caption, at, atName };
    return { kind: 'chart', chart: { ...chart, ...more } };
  };
  return [
    lines('protected to unprotected speed', {
      groups: [group('protected to unprotected', 'log', ({ turns }) => turnFigures(turns).ratio)],
      ...{ valueName: '', scale: 'linear', reference: 1, show: shownRatio },
    }),
    lines(`speed, ${units}`, {
      groups: [
        group('unprotected', 'alone', ({ turns }) => turnFigures(turns).alone),
        group('protected', 'pair', ({ turns }) => turnFigures(turns).pair),
      ],
      ...{ valueName: units, scale: 'linear', reference: null, show: shown },
    }),
    lines('log, Mbit/s', {
      groups: [group('log', 'log', ({ turns }) => turnFigures(turns).logMbitPerS)],
      ...{ valueName: 'Mbit/s', scale: 'linear', reference: null, show: shown },
    }),
    lines('a backup that joins, ms', {
      groups: [
        group('until the pair is formed', 'live', ({ joinMs }) => figureOf(joinMs)),
        group('pause of the guest', 'silence', ({ pauseMs }) => figureOf(pauseMs)),
      ],
      ...{ valueName: 'ms', scale: 'log', reference: null, show: shown },
    }),
  ];
}
