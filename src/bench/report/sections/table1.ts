/** Table 1: four workloads, disk reads logged and on the backup. */

import {
  workloadNames,
  type DiskReads,
  type SectionResult,
  type Table1Row,
  type WorkloadName,
} from '../../suite/result.js';
import type { Group } from '../charts/chart.js';
import {
  left,
  quiet,
  right,
  spared,
  type Block,
  type Cell,
  type ReportSection,
} from '../document.js';
import { readsName } from '../goals.js';
import { paperNameOf, paperTable1 } from '../paper.js';
import { noNumber, shown, shownRatio } from '../spread.js';
import {
  sectionEnd,
  turnCells,
  turnColumns,
  turnFigures,
  type TurnFigures,
} from './turn-columns.js';

const titles: Readonly<Record<WorkloadName, string>> = {
  managed: 'Business logic (Java)',
  compile: 'Compilation (C)',
  oltp: 'OLTP (pgbench)',
  'web-shop': 'Web shop (PostgreSQL)',
};

/** Narrow enough to stand side by side beneath bars. */
const shortTitles: Readonly<Record<WorkloadName, string>> = {
  managed: 'Business logic',
  compile: 'Compilation',
  oltp: 'OLTP',
  'web-shop': 'Web shop',
};

export function table1Section(result: SectionResult<Table1Row>): ReportSection {
  const { rows } = result;
  return {
    id: 'table1',
    title: 'Table 1: workloads',
    blocks: [
      {
        kind: 'note',
        text: 'Each workload runs unprotected and protected in turn within one boot of its guest. The paper’s workload in the same place stands beside it.',
      },
      {
        kind: 'table',
        title: 'Speed and log of four workloads; ratio: protected to unprotected',
        columns: [
          left('Workload'),
          left('Unit'),
          ...turnColumns(''),
          ...[spared(left('Paper’s workload')), right('Paper’s ratio'), right('Paper’s log')],
        ],
        rows: rows.map(rowCells),
      },
      ...(rows.length === 0 ? [] : charts(rows)),
      { kind: 'list', title: 'What differs from the paper’s Table 1', items: differences },
      ...sectionEnd(result),
    ],
  };
}

function rowCells(row: Table1Row): Cell[] {
  const { workload, reads, unit, turns } = row;
  const paper = paperTable1(workload, reads);
  return [
    `${titles[workload]}, ${readsName(reads)}`,
    unit,
    ...turnCells(turns),
    quiet(paperNameOf(workload)),
    quiet(paper === null ? noNumber : paper.ratio.toFixed(2)),
    quiet(paper === null ? noNumber : String(paper.logMbitPerS)),
  ];
}

function charts(rows: readonly Table1Row[]): Block[] {
  const measured = workloadNames.filter((name) => rows.some(({ workload }) => workload === name));
  const categories = measured.map((name) => shortTitles[name]);
  const ours = (
    reads: DiskReads,
    pick: (figures: TurnFigures) => Group['figures'][number],
  ): Group => ({
    name: `here, ${readsName(reads)}`,
    ink: reads,
    figures: measured.map((name) => {
      const row = rows.find(({ workload, reads: of }) => workload === name && of === reads);
      return row === undefined ? null : pick(turnFigures(row.turns));
    }),
  });
  const theirs = (reads: DiskReads, pick: 'ratio' | 'logMbitPerS'): Group => ({
    name: `paper, ${readsName(reads)}`,
    ink: 'paper',
    figures: measured.map((name) => {
      const value = paperTable1(name, reads)?.[pick];
      return value === undefined ? null : { median: value, low: value, high: value, count: 1 };
    }),
  });
  return [
    {
      kind: 'chart',
      chart: {
        kind: 'bars',
        title: 'Protected to unprotected speed',
        caption: 'Bars: median of the turns; whiskers: least and most; grey: the paper’s Table 1.',
        categories,
        groups: [
          ours('log', ({ ratio }) => ratio),
          ours('backup', ({ ratio }) => ratio),
          theirs('log', 'ratio'),
        ],
        ...{ valueName: '', scale: 'linear', reference: 1, show: shownRatio },
      },
    },
    {
      kind: 'chart',
      chart: {
        kind: 'bars',
        title: 'Log, Mbit/s',
        caption:
          'Points: median of the turns; whiskers: least and most; grey: the paper, reads logged. The axis is logarithmic.',
        categories,
        groups: [
          ours('log', ({ logMbitPerS }) => logMbitPerS),
          ours('backup', ({ logMbitPerS }) => logMbitPerS),
          theirs('log', 'logMbitPerS'),
        ],
        ...{ valueName: 'Mbit/s', scale: 'log', reference: null, show: shown },
      },
    },
  ];
}

const differences = [
  'SPECjbb2005 → a business-logic benchmark of ours in Java in its manner: warehouses, orders, payments, deliveries, stock levels.',
  'Kernel Compile → a smaller C program, built again and again: on a software CPU a kernel would take hours.',
  'Oracle Swingbench on Oracle 11g, 80 sessions → pgbench’s TPC-B-like transactions on PostgreSQL, 16 or more sessions.',
  'DVD Store on Microsoft SQL Server 2005, 16 clients → a shop’s logins, browsing and purchases on PostgreSQL, 16 clients from outside the guest.',
  'The paper’s ratios with reads on the backup are worked out from its text (4 and 1 % below those with reads logged); it gives them for its two databases only.',
];
