import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { inks } from '../../../src/bench/report/charts/chart.js';
import { htmlReport, markdownReport, textReport } from '../../../src/bench/report/report.js';
import type { BenchResult, SectionResult } from '../../../src/bench/suite/result.js';
import { resultOf } from './fixture.js';

const result = resultOf(1);

function withSkipped(why: string): BenchResult {
  const { table2 } = result.sections;
  assert.ok(table2 !== null);
  const skipped = [{ row: 'receive, 10 Gbit/s', why }];
  return { ...result, sections: { ...result.sections, table2: { ...table2, skipped } } };
}

/** A page is too long to be shown whole where it is wrong. */
function found(page: string, what: RegExp): string[] {
  return [...page.matchAll(what)].map(([text]) => text);
}

describe('the report as Markdown', () => {
  const text = markdownReport(result);

  test('has the paper’s figures beside ours', () => {
    const rows = [
      [/^\| Business logic .*reads logged .*SPECjbb2005 .* 0\.98 .* 1\.5 \|$/m],
      [/^\| Compilation .*reads logged .*Kernel Compile .* 0\.95 .* 3 \|$/m],
      [/^\| OLTP .*reads logged .*Oracle Swingbench .* 0\.99 .* 12 \|$/m],
      [/^\| Web shop .*reads logged .*MS-SQL DVD Store .* 0\.94 .* 18 \|$/m],
      [/^\| receives, 1 Gbit\/s .* 940 → 604 .* 0\.643 .* 730 \|$/m],
      [/^\| receives, 10 Gbit\/s .* 940 → 860 .* 0\.915 .* 990 \|$/m],
      [/^\| transmits, 1 Gbit\/s .* 940 → 855 .* 0\.910 .* 42 \|$/m],
      [/^\| transmits, 10 Gbit\/s .* 940 → 935 .* 0\.995 .* 60 \|$/m],
    ] as const;
    for (const [row] of rows) assert.match(text, row);
  });

  test('has the medians and spreads of the samples', () => {
    const turns = [0.9, 0.95, 1].map((pair) => ({ alone: 100, pair: 100 * pair, logMbitPerS: 2 }));
    const row = { workload: 'compile', reads: 'log', unit: 'builds/hour', turns } as const;
    const { table1 } = result.sections;
    assert.ok(table1 !== null);
    const sections = { ...result.sections, table1: { ...table1, rows: [row] } };
    const line = markdownReport({ ...result, sections })
      .split('\n')
      .find((of) => of.includes('builds/hour'));
    assert.match(
      line ?? '',
      / 100 \(100 to 100\) .* 95 \(90 to 100\) .* 0\.950 \(0\.900 to 1\.000\) /,
    );
  });

  test('says why a row is missing, in one line, and what may not break a table', () => {
    const missing = markdownReport(withSkipped('iperf3 said\n  no'));
    assert.match(missing, /^- receive, 10 Gbit\/s: iperf3 said no$/m);
    assert.match(missing, /1 row was skipped/);
    const piped = { ...result, machine: { ...result.machine, processor: 'a | b' } };
    assert.match(markdownReport(piped), /^\| Processor .*a \\\| b, 2 processors/m);
  });

  test('has the machine and the exact commands', () => {
    for (const part of [
      'AMD EPYC 7763',
      'OpenJDK 17.0.16',
      '`npm run bench -- --table failover`',
    ]) {
      assert.ok(text.includes(part), part);
    }
  });
});

describe('the report on a terminal', () => {
  const widest = (columns: number): number =>
    Math.max(
      ...textReport(result, columns)
        .split('\n')
        .filter((line) => line.startsWith('|'))
        .map((line) => line.length),
    );

  test('spares what does not fit', () => {
    assert.ok(widest(140) <= 140, String(widest(140)));
    assert.ok(textReport(result, Infinity).includes('SPECjbb2005'));
    assert.match(textReport(result, 200), /^\| Compilation.* \(\d.* to \d.*\)/m);
  });
});

describe('the report as a page', () => {
  const made = htmlReport(result);

  test('fetches nothing', async () => {
    const page = await made;
    assert.deepEqual(found(page, /<script|<iframe|@import|\burl\((?!#)/gi), []);
    const addresses = [...page.matchAll(/\b(?:src|href|xlink:href)="([^"]*)"/g)].map(
      ([, of]) => of,
    );
    assert.deepEqual(
      addresses.filter((address) => !/^(#|data:,$)/.test(address ?? '')),
      [],
    );
  });

  test('draws each chart for a wide page and for a phone, in colours that it has', async () => {
    const page = await made;
    const figures = [...page.matchAll(/<figure>.*?<\/figure>/gs)].map(([figure]) => figure);
    assert.equal(figures.length, 8 + 3 * 4);
    for (const figure of figures) assert.equal([...figure.matchAll(/<svg /g)].length, 2);
    const used = new Set([...page.matchAll(/var\(--([\w-]+)\)/g)].map(([, name]) => name ?? ''));
    for (const ink of inks) assert.ok(used.has(ink), `${ink} is used`);
    for (const name of used) {
      assert.equal([...page.matchAll(new RegExp(`--${name}:#`, 'g'))].length, 3, name);
    }
    assert.deepEqual(found(page, /NaN/g), []);
  });

  test('its marks say their figures', async () => {
    const page = await made;
    const ratio = /<title>OLTP, here, reads logged: 0\.\d+ \(0\.\d+ to [01]\.\d+\)<\/title>/g;
    const kill = /<title>suspected after [\d.]+ ms, first output [\d.]+ ms later/g;
    assert.ok(found(page, ratio).length >= 2);
    assert.ok(found(page, kill).length >= 2 * 20);
  });

  test('shows what programs said as text', async () => {
    const page = await htmlReport(withSkipped('<script>alert("1")</script> & so on'));
    assert.deepEqual(found(page, /<script/g), []);
    assert.ok(page.includes('&lt;script>alert(&quot;1&quot;)&lt;/script> &amp; so on'));
  });

  test('stands whatever is missing', async () => {
    const empty: SectionResult<never> = { rows: [], skipped: [], durationMs: 0, command: 'x' };
    const none = {
      table1: null,
      table2: null,
      latency: null,
      failover: null,
      idle: null,
      scale: null,
    };
    const hollow = {
      table1: empty,
      table2: empty,
      latency: empty,
      failover: empty,
      idle: empty,
      scale: empty,
    };
    for (const sections of [none, hollow]) {
      const bare = { ...result, replication: null, sections };
      assert.equal(found(await htmlReport(bare), /<\/html>/g).length, 1);
      assert.deepEqual(found(markdownReport(bare), /NaN|undefined|Infinity/g), []);
    }
    const unknown = { alone: NaN, pair: NaN, logMbitPerS: NaN };
    const { table1, scale, latency } = result.sections;
    assert.ok(table1 !== null && scale !== null && latency !== null);
    const broken = {
      ...result,
      sections: {
        ...result.sections,
        table1: { ...table1, rows: table1.rows.map((row) => ({ ...row, turns: [unknown] })) },
        latency: { ...latency, rows: latency.rows.map((row) => ({ ...row, samplesMs: [] })) },
        scale: {
          ...scale,
          rows: scale.rows.map((row) => ({
            ...row,
            ...{ turns: [unknown], joinMs: [], pauseMs: [NaN], overheadMiB: [] },
          })),
        },
      },
    };
    assert.deepEqual(found(await htmlReport(broken), /NaN|undefined|Infinity/g), []);
  });
});
