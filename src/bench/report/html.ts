/** A report as one page of HTML that fetches nothing and runs nothing. */

import { h, type ComponentChild, type ComponentChildren } from 'preact';
import { renderToStaticMarkup } from 'preact-render-to-string';

import type { Chart } from './charts/chart.js';
import { legendOf } from './charts/legend.js';
import { svgOf } from './charts/render.js';
import type { Width } from './charts/width.js';
import {
  cellText,
  partsOfSpread,
  type Block,
  type Cell,
  type Column,
  type ReportDocument,
  type ReportSection,
  type Table,
  type Tile,
} from './document.js';
import { style } from './style.js';

/** Refuses whatever a page could fetch or run. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

export function htmlOf(report: ReportDocument): string {
  const page = h(
    'html',
    { lang: 'en' },
    h(
      'head',
      null,
      h('meta', { charset: 'utf-8' }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('meta', { name: 'color-scheme', content: 'light dark' }),
      h('meta', { 'http-equiv': 'Content-Security-Policy', content: policy }),
      // Browsers ask for an icon unless they are told one.
      h('link', { rel: 'icon', href: 'data:,' }),
      h('title', null, report.title),
      h('style', { dangerouslySetInnerHTML: { __html: style } }),
    ),
    h(
      'body',
      null,
      h(
        'header',
        null,
        h('h1', null, report.title),
        report.lead.map((text) => h('p', null, inline(text))),
        h('div', { class: 'tiles' }, report.tiles.map(tile)),
      ),
      h('nav', { 'aria-label': 'Sections' }, h('ul', null, report.sections.map(linkTo))),
      h('main', null, report.sections.map(section)),
    ),
  );
  return `<!doctype html>\n${renderToStaticMarkup(page)}\n`;
}

function tile({ name, value, note, tone }: Tile): ComponentChild {
  return h(
    'div',
    { class: `tile ${tone}` },
    h('div', { class: 'name' }, name),
    h('div', { class: 'value' }, value),
    h('div', { class: 'note' }, note),
  );
}

function linkTo({ id, title }: ReportSection): ComponentChild {
  return h('li', null, h('a', { href: `#${id}` }, title));
}

function section({ id, title, blocks }: ReportSection): ComponentChild {
  return h('section', { id }, h('h2', null, title), blockGroups(blocks).map(groupOf));
}

/** Charts that follow each other may stand side by side. */
function blockGroups(blocks: readonly Block[]): Block[][] {
  const groups: Block[][] = [];
  for (const block of blocks) {
    const last = groups.at(-1);
    if (block.kind === 'chart' && last?.[0]?.kind === 'chart') last.push(block);
    else groups.push([block]);
  }
  return groups;
}

function groupOf(blocks: readonly Block[]): ComponentChild {
  return blocks.some(({ kind }) => kind === 'chart')
    ? h('div', { class: 'charts' }, blocks.map(blockOf))
    : blocks.map(blockOf);
}

function blockOf(block: Block): ComponentChild {
  switch (block.kind) {
    case 'text':
      return h('p', null, inline(block.text));
    case 'note':
      return h('p', { class: 'note' }, inline(block.text));
    case 'list':
      return h('div', { class: 'list' }, h('h3', null, block.title), listOf(block.items));
    case 'missing':
      return h('div', { class: 'missing' }, h('h3', null, 'Not measured'), listOf(block.items));
    case 'command':
      return h('p', { class: 'command' }, `${block.name}: `, h('code', null, block.command));
    case 'table':
      return block.rows.length === 0 ? null : tableOf(block);
    case 'chart':
      return figureOf(block.chart);
  }
}

function listOf(items: readonly string[]): ComponentChild {
  return h(
    'ul',
    null,
    items.map((item) => h('li', null, inline(item))),
  );
}

/** Too wide for the page it scrolls by itself, so it is to be reached by the keyboard; on a phone each row is a list. Roles are said since styles change them. */
function tableOf({ title, columns, rows }: Table): ComponentChild {
  return h(
    'div',
    { class: 'table', role: 'region', 'aria-label': title, tabIndex: 0 },
    h(
      'table',
      { role: 'table' },
      h('caption', null, inline(title)),
      h(
        'thead',
        { role: 'rowgroup' },
        h(
          'tr',
          { role: 'row' },
          columns.map(({ head, align }) =>
            h('th', { scope: 'col', role: 'columnheader', class: align }, head),
          ),
        ),
      ),
      h(
        'tbody',
        { role: 'rowgroup' },
        rows.map((row) =>
          h(
            'tr',
            { role: 'row' },
            row.map((cell, index) => cellOf(cell, columns[index], index === 0)),
          ),
        ),
      ),
    ),
  );
}

function cellOf(cell: Cell, column: Column | undefined, first: boolean): ComponentChild {
  const tone = typeof cell === 'string' ? 'plain' : cell.tone;
  const attributes = {
    class: `${column?.align ?? 'left'} ${tone}`,
    'data-head': column?.head ?? '',
  };
  const content = spreadApart(cellText(cell));
  return first
    ? h('th', { scope: 'row', role: 'rowheader', ...attributes }, h('div', null, content))
    : h(
        'td',
        { role: 'cell', ...attributes },
        h('div', null, tone === 'good' || tone === 'bad' ? h('span', null, content) : content),
      );
}

/** A spread in brackets goes beneath its median, smaller. */
function spreadApart(text: string): ComponentChildren {
  const parts = partsOfSpread(text);
  if (parts === null) return inline(text);
  return [parts.median, ' ', h('small', null, parts.spread)];
}

function figureOf(chart: Chart): ComponentChild {
  const { title, caption } = chart;
  const drawn = (width: Width): ComponentChild =>
    h('div', {
      class: `drawing ${width}`,
      ...{ role: 'img', 'aria-label': `${title}. ${caption}` },
      dangerouslySetInnerHTML: { __html: svgOf(chart, width) },
    });
  return h(
    'figure',
    null,
    h('h3', null, title),
    h(
      'ul',
      { class: 'legend' },
      legendOf(chart).map(({ name, ink }) =>
        h('li', null, h('span', { style: `background:var(--${ink})` }), name),
      ),
    ),
    drawn('wide'),
    drawn('narrow'),
    h('figcaption', null, caption),
  );
}

/** What `backticks` enclose is typed. */
function inline(text: string): ComponentChildren {
  return text.split('`').map((part, index) => (index % 2 === 1 ? h('code', null, part) : part));
}
