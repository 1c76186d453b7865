/** A report as one page of HTML that fetches nothing and runs nothing. */

import { h, type ComponentChild, type ComponentChildren } from 'preact';
import { renderToStaticMarkup } from 'preact-render-to-string';

import type { Chart } from './charts/chart.js';
import { svgOf } from './charts/render.js';
import type { Width } from './charts/width.js';
import {
  cellText,
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
  return h('section', { id }, h('h2', null, title), blocks.map(blockOf));
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

/** Wider than a phone it scrolls by itself, so it is to be reached by the keyboard. */
function tableOf({ title, columns, rows }: Table): ComponentChild {
  return h(
    'div',
    { class: 'table', role: 'region', 'aria-label': title, tabIndex: 0 },
    h(
      'table',
      null,
      h('caption', null, inline(title)),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          columns.map(({ head, align }) => h('th', { scope: 'col', class: align }, head)),
        ),
      ),
      h(
        'tbody',
        null,
        rows.map((row) =>
          h(
            'tr',
            null,
            row.map((cell, index) => cellOf(cell, columns[index], index === 0)),
          ),
        ),
      ),
    ),
  );
}

function cellOf(cell: Cell, column: Column | undefined, first: boolean): ComponentChild {
  const tone = typeof cell === 'string' ? 'plain' : cell.tone;
  const attributes = { class: `${column?.align ?? 'left'} ${tone}` };
  const content = spreadApart(cellText(cell));
  return first
    ? h('th', { scope: 'row', ...attributes }, content)
    : h('td', attributes, tone === 'good' || tone === 'bad' ? h('span', null, content) : content);
}

/** A spread in brackets goes beneath its median, smaller. */
function spreadApart(text: string): ComponentChildren {
  const parts = /^(\S+(?: %)?) (\([^()]* to [^()]*\))$/.exec(text);
  if (parts === null) return inline(text);
  const [, median = '', spread = ''] = parts;
  return [median, ' ', h('small', null, spread)];
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
    drawn('wide'),
    drawn('narrow'),
    h('figcaption', null, caption),
  );
}

/** What `backticks` enclose is typed. */
function inline(text: string): ComponentChildren {
  return text.split('`').map((part, index) => (index % 2 === 1 ? h('code', null, part) : part));
}
