/** How two results compare, for a terminal: Markdown. */

import { markdownTable } from 'markdown-table';

import type { Figure } from '../suite/figures.js';
import { toleratedShare, type ComparedFigure, type Comparison } from './compare.js';
import { shown, shownRatio, shownWithSpread } from './spread.js';

export function comparisonText(comparison: Comparison, one: string, other: string): string {
  const { figures, onlyOne, onlyOther, differences } = comparison;
  const agreeing = figures.filter(({ agree }) => agree).length;
  const only = (rows: readonly string[], name: string): string[] =>
    rows.length === 0 ? [] : [`Only in ${name}: ${rows.join('; ')}.`];
  const parts = [
    markdownTable([['Row', 'Figure', one, other, 'Difference', 'Agree'], ...figures.map(cellsOf)], {
      align: ['left', 'left', 'right', 'right', 'right', 'left'],
    }),
    ...(differences.length === 0 ? [] : [`They differ in ${differences.join('; ')}.`]),
    ...only(onlyOne, one),
    ...only(onlyOther, other),
    `${agreeing} of ${figures.length} figures agree: their spreads touch, or miss each other by at most ${toleratedShare * 100} % of the median. Of latencies and failovers the spread is that between the quartiles.`,
  ];
  return `${parts.join('\n\n')}\n`;
}

function cellsOf({ row, figure, one, other, agree }: ComparedFigure): string[] {
  const show = figure === 'protected to unprotected' ? shownRatio : shown;
  const text = (of: Figure): string => shownWithSpread(of, show);
  return [row, figure, text(one), text(other), differenceOf(one, other), agree ? 'yes' : '**no**'];
}

function differenceOf(one: Figure, other: Figure): string {
  const share = (other.median - one.median) / one.median;
  return Number.isFinite(share)
    ? `${share < -0.0005 ? '−' : '+'}${(Math.abs(share) * 100).toFixed(1)} %`
    : '';
}
