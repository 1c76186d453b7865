/** What the tables that compare unprotected and protected have in common. */

import { figureOf, ratioOf, type Figure } from '../../suite/figures.js';
import type { SectionResult, Turn } from '../../suite/result.js';
import { right, spared, type Block, type Cell, type Column } from '../document.js';
import { shownRatio, shownWithSpread } from '../spread.js';

export interface TurnFigures {
  readonly alone: Figure;
  readonly pair: Figure;
  readonly ratio: Figure;
  readonly logMbitPerS: Figure;
}

export function turnFigures(turns: readonly Turn[]): TurnFigures {
  return {
    alone: figureOf(turns.map(({ alone }) => alone)),
    pair: figureOf(turns.map(({ pair }) => pair)),
    ratio: ratioOf(turns),
    logMbitPerS: figureOf(turns.map(({ logMbitPerS }) => logMbitPerS)),
  };
}

/** `unit` is empty where it differs from row to row. The ratio is protected to unprotected. */
export function turnColumns(unit: string): Column[] {
  const inUnit = unit === '' ? '' : `, ${unit}`;
  return [
    right(`Unprotected${inUnit}`),
    right(`Protected${inUnit}`),
    right('Ratio'),
    right('Log, Mbit/s'),
    spared(right('Turns')),
  ];
}

export function turnCells(turns: readonly Turn[]): Cell[] {
  const { alone, pair, ratio, logMbitPerS } = turnFigures(turns);
  return [
    shownWithSpread(alone),
    shownWithSpread(pair),
    shownWithSpread(ratio, shownRatio),
    shownWithSpread(logMbitPerS),
    String(turns.length),
  ];
}

/** How a section ends: what could not be measured, and what measures it alone. */
export function sectionEnd({ skipped, command }: SectionResult<unknown>): Block[] {
  return [
    ...(skipped.length === 0
      ? []
      : [
          {
            kind: 'missing' as const,
            items: skipped.map(({ row, why }) => `${row}: ${why}`),
          },
        ]),
    { kind: 'command', name: 'This section alone', command },
  ];
}
