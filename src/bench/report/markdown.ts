/** A report as Markdown (with GitHub's tables). Charts are left out: their figures are in the tables. */

import { markdownTable } from 'markdown-table';

import { cellText, type Block, type Cell, type ReportDocument, type Table } from './document.js';

/** `tables`: without notes and machine, as a terminal shows it. */
export type MarkdownExtent = 'whole' | 'tables';

export function markdownOf(report: ReportDocument, extent: MarkdownExtent): string {
  const { title, lead, sections } = report;
  const parts = [
    `# ${title}`,
    ...lead,
    ...sections
      .filter(({ id }) => extent === 'whole' || !background.has(id))
      .flatMap((section) => [
        `## ${section.title}`,
        ...section.blocks.flatMap((block) => blockText(block, extent)),
      ]),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** What does not change from run to run on one machine. */
const background = new Set(['method', 'machine']);

function blockText(block: Block, extent: MarkdownExtent): string[] {
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
      return block.rows.length === 0 ? [] : [`**${block.title}**`, tableText(block)];
    case 'chart':
      return [];
  }
}

function listed(items: readonly string[]): string {
  return items.map((item) => `- ${inLine(item)}`).join('\n');
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
