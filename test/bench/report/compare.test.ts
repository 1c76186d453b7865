import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { agree, compareResults } from '../../../src/bench/report/compare.js';
import { comparisonText } from '../../../src/bench/report/comparison-text.js';
import { figureOf } from '../../../src/bench/suite/figures.js';
import { resultOf } from './fixture.js';

describe('two results compared', () => {
  test('one agrees with itself in all of its figures', () => {
    const { figures, onlyOne, onlyOther, differences } = compareResults(resultOf(1), resultOf(1));
    assert.ok(figures.length > 100);
    assert.deepEqual(
      figures.filter((figure) => !figure.agree),
      [],
    );
    assert.deepEqual([onlyOne, onlyOther, differences], [[], [], []]);
  });

  test('a row that is slower is found, with all that follows from it', () => {
    const one = resultOf(1);
    const { table1 } = one.sections;
    assert.ok(table1 !== null);
    const rows = table1.rows.map((row) =>
      row.workload === 'compile' && row.reads === 'log'
        ? { ...row, turns: row.turns.map((turn) => ({ ...turn, pair: turn.pair * 0.8 })) }
        : row,
    );
    const other = { ...one, sections: { ...one.sections, table1: { ...table1, rows } } };
    assert.deepEqual(
      compareResults(one, other)
        .figures.filter((figure) => !figure.agree)
        .map(({ row, figure }) => `${row}: ${figure}`),
      ['compile, reads logged: protected', 'compile, reads logged: protected to unprotected'],
    );
  });

  test('of latencies and failovers the quartiles count, not single samples', () => {
    const one = resultOf(1);
    const { latency } = one.sections;
    assert.ok(latency !== null);
    const rows = latency.rows.map((row) => ({
      ...row,
      samplesMs: [0.001, 99, ...row.samplesMs.map((value) => value + 3)],
    }));
    const other = { ...one, sections: { ...one.sections, latency: { ...latency, rows } } };
    const apart = compareResults(one, other).figures.filter((figure) => !figure.agree);
    assert.equal(apart.length, rows.length);
  });

  test('rows and facts that only one has are said', () => {
    const one = resultOf(1);
    const other = { ...one, quick: true, sections: { ...one.sections, idle: null } };
    const comparison = compareResults(one, other);
    assert.deepEqual(comparison.onlyOne, ['idle', 'idle with network']);
    assert.deepEqual(comparison.onlyOther, []);
    assert.deepEqual(comparison.differences, ['length: full, quick']);
    const text = comparisonText(comparison, 'a.json', 'b.json');
    assert.match(text, /Only in a\.json: idle; idle with network\./);
    assert.match(text, /\| memory, 256 +\| protected +\|/);
    assert.match(text, /(\d+) of \1 figures agree/);
  });
});

describe('figures agree', () => {
  const figure = (...values: number[]) => figureOf(values);

  test('when their spreads touch', () => {
    assert.ok(agree(figure(1, 1.1, 1.2), figure(1.2, 1.3, 1.4)));
    assert.ok(agree(figure(1.2, 1.3, 1.4), figure(1, 1.1, 1.2)));
  });

  test('when they miss each other by a hundredth, and not by more', () => {
    assert.ok(agree(figure(1, 1), figure(1.009, 1.009)));
    assert.ok(!agree(figure(1, 1), figure(1.02, 1.02)));
    assert.ok(!agree(figure(1.02, 1.02), figure(1, 1)));
  });
});
