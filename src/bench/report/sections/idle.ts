/** Idle: what a guest costs that has nothing to do. */

import { figureOf } from '../../suite/figures.js';
import type { IdleRow, IdleTurn, SectionResult } from '../../suite/result.js';
import { left, quiet, right, type Cell, type ReportSection } from '../document.js';
import { paperIdleMbitPerS } from '../paper.js';
import { shown, shownWithSpread } from '../spread.js';
import { sectionEnd } from './turn-columns.js';

const titles: Readonly<Record<IdleRow['guest'], string>> = {
  idle: 'Left alone',
  'idle with network': 'Sent a ping each second',
};

export function idleSection(result: SectionResult<IdleRow>): ReportSection {
  return {
    id: 'idle',
    title: 'Idle',
    blocks: [
      {
        kind: 'table',
        title:
          'A guest that has nothing to do; processor time as shares of one processor, whole processes',
        columns: [
          left('Guest'),
          ...[right('Log, Mbit/s'), right('Paper’s log'), right('Processor, unprotected')],
          ...[right('Processor, primary'), right('Processor, backup'), right('Turns')],
        ],
        rows: result.rows.map(rowCells),
      },
      ...sectionEnd(result),
    ],
  };
}

function rowCells({ guest, turns }: IdleRow): Cell[] {
  const of = (pick: (turn: IdleTurn) => number, show: (value: number) => string): string =>
    shownWithSpread(figureOf(turns.map(pick)), show);
  const percent = (share: number): string => `${shown(share * 100)} %`;
  return [
    titles[guest],
    of(({ logMbitPerS }) => logMbitPerS, shown),
    guest === 'idle' ? quiet(`${paperIdleMbitPerS.low} to ${paperIdleMbitPerS.high}`) : quiet('–'),
    of(({ cpuAlone }) => cpuAlone, percent),
    of(({ cpuPrimary }) => cpuPrimary, percent),
    of(({ cpuBackup }) => cpuBackup, percent),
    String(turns.length),
  ];
}
