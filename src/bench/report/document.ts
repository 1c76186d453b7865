/** A report before it is HTML or Markdown: sections of blocks. In texts, `backticks` enclose what is typed. */

import type { Chart } from './charts/chart.js';

export interface ReportDocument {
  readonly title: string;
  readonly lead: readonly string[];
  readonly tiles: readonly Tile[];
  readonly sections: readonly ReportSection[];
}

/** A figure that is read first. */
export interface Tile {
  readonly name: string;
  readonly value: string;
  readonly note: string;
  readonly tone: Tone;
}

export interface ReportSection {
  /** Of a link. */
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'text'; readonly text: string }
  /** Left out where there is no room: how something was measured, what differs. */
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'list'; readonly title: string; readonly items: readonly string[] }
  | { readonly kind: 'missing'; readonly items: readonly string[] }
  | { readonly kind: 'command'; readonly name: string; readonly command: string }
  | Table
  | { readonly kind: 'chart'; readonly chart: Chart };

export interface Table {
  readonly kind: 'table';
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface Column {
  readonly head: string;
  readonly align: 'left' | 'right';
  /** Left out where there is no room. */
  readonly spared?: true;
}

export type Tone = 'good' | 'bad' | 'quiet' | 'plain';

export type Cell = string | { readonly text: string; readonly tone: Tone };

export function left(head: string): Column {
  return { head, align: 'left' };
}

export function right(head: string): Column {
  return { head, align: 'right' };
}

export function cellText(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

/** What the paper measured, or where nothing was. */
export function quiet(text: string): Cell {
  return { text, tone: 'quiet' };
}

export function spared(column: Column): Column {
  return { ...column, spared: true };
}

/** Of a text as `shownWithSpread` writes it: `0.97 (0.96 to 0.98)`; null: of another. */
export function partsOfSpread(text: string): { median: string; spread: string } | null {
  const parts = /^(\S+(?: %)?) (\([^()]* to [^()]*\))$/.exec(text);
  return parts === null ? null : { median: parts[1] ?? '', spread: parts[2] ?? '' };
}
