/** A report as Markdown (with GitHub's tables). Charts are left out: their figures are in the tables. */

import { markdownTable } from 'markdown-table';

import {
  cellText,
  partsOfSpread,
  type Block,
  type Cell,
  type ReportDocument,
  type Table,
} from './document.js';

/** `tables`: without notes and machine, as a terminal shows it. */
export type MarkdownExtent = 'whole' | 'tables';

/** Tables that are wider than `columns` do without what can be spared. */
export function markdownOf(
  report: ReportDocument,
  extent: MarkdownExtent,
  columns = Infinity,
): string {
  const { title, lead, sections } = report;
  const parts = [
    `# ${title}`,
    ...lead,
    ...sections
      .filter(({ id }) => extent === 'whole' || !background.has(id))
      .flatMap((section) => [
        `## ${section.title}`,
        ...section.blocks.flatMap((block) => blockText(block, extent, columns)),
      ]),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** What does not change from run to run on one machine. */
const background = new Set(['method', 'machine']);

function blockText(block: Block, extent: MarkdownExtent, columns: number): string[] {
  switch (block.kind) {
    case 'text':
      return [block.text];
    case 'note':
      return extent === 'whole' ? [block.text] : [];
    case 'list':
      if (extent === 'tables' && !block.title.startsWith('Where')) return [];
      return [`${block.title}:`, listed(block.items)];
    case 'missing':
      return ['Not measured:', listed(block.items)];
    case 'command':
      return extent === 'whole' ? [`${block.name}: \`${block.command}\``] : [];
    case 'table':
      return block.rows.length === 0 ? [] : [`**${block.title}**`, fittingTable(block, columns)];
    case 'chart':
      return [];
  }
}

function listed(items: readonly string[]): string {
  return items.map((item) => `- ${inLine(item)}`).join('\n');
}

/** First without the columns that say least, then without spreads, and whatever is then too wide is so. */
function fittingTable(table: Table, columns: number): string {
  const narrower = withoutSpared(table);
  const texts = [table, narrower, withoutSpreads(narrower)].map(tableText);
  return texts.find((text) => text.indexOf('\n') <= columns) ?? texts.at(-1) ?? '';
}

function withoutSpared({ columns, rows, ...table }: Table): Table {
  const kept = <Item>(items: readonly Item[]): Item[] =>
    items.filter((_, index) => columns[index]?.spared !== true);
  return { ...table, columns: kept(columns), rows: rows.map(kept) };
}

function withoutSpreads({ rows, ...table }: Table): Table {
  const bare = (cell: Cell): Cell => partsOfSpread(cellText(cell))?.median ?? cell;
  return { ...table, rows: rows.map((row) => row.map(bare)) };
}

function tableText({ columns, rows }: Table): string {
  return markdownTable(
    [columns.map(({ head }) => escaped(head)), ...rows.map((row) => row.map(cellMarkdown))],
    { align: columns.map(({ align }) => align) },
  );
}

function cellMarkdown(cell: Cell): string {
  const text = escaped(cellText(cell));
  return typeof cell !== 'string' && cell.tone === 'bad' ? `**${text}**` : text;
}

/** A bar would end the cell, a line break the row. */
function escaped(text: string): string {
  return inLine(text).replaceAll('|', '\\|');
}

/** Reasons come from programs and may be of several lines. */
function inLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}
