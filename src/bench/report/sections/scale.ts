/** Scale: cost against the guest's memory, the connections to it, and the protected guests on a host. */

import { figureOf } from '../../suite/figures.js';
import {
  scaleSubjects,
  type ScaleRow,
  type ScaleSubject,
  type SectionResult,
} from '../../suite/result.js';
import type { Group } from '../charts/chart.js';
import { right, type Block, type Cell, type ReportSection } from '../document.js';
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
        ...[right('Join, ms'), right('Pause of the guest, ms'), right(subject.overhead)],
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
  const group = (
    name: string,
    ink: Group['ink'],
    pick: (row: ScaleRow) => Group['figures'][number],
  ): Group => ({
    ...{ name, ink },
    figures: rows.map(pick),
  });
  const caption = 'Lines: median of the turns; whiskers: least and most.';
  return [
    {
      kind: 'chart',
      chart: {
        ...{
          kind: 'lines',
          title: `${title}: protected to unprotected speed`,
          caption,
          at,
          atName,
        },
        groups: [group('protected to unprotected', 'log', ({ turns }) => turnFigures(turns).ratio)],
        ...{ valueName: '', reference: 1, show: shownRatio },
      },
    },
    {
      kind: 'chart',
      chart: {
        ...{ kind: 'lines', title: `${title}: log, Mbit/s`, caption, at, atName },
        groups: [group('log', 'pair', ({ turns }) => turnFigures(turns).logMbitPerS)],
        ...{ valueName: 'Mbit/s', reference: null, show: shown },
      },
    },
    ...(rows.some(({ joinMs }) => joinMs.length > 0)
      ? [
          {
            kind: 'chart' as const,
            chart: {
              ...{ kind: 'lines' as const, title: `${title}: joining, ms`, caption, at, atName },
              groups: [
                group('join', 'live', ({ joinMs }) => figureOf(joinMs)),
                group('pause of the guest', 'silence', ({ pauseMs }) => figureOf(pauseMs)),
              ],
              ...{ valueName: 'ms', reference: null, show: shown },
            },
          },
        ]
      : []),
  ];
}
