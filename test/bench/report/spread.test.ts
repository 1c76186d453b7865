import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  distributionOf,
  shown,
  shownDuration,
  shownRatio,
  shownWithSpread,
} from '../../../src/bench/report/spread.js';

describe('a distribution', () => {
  test('has quartiles between neighbours by their distances', () => {
    const of = distributionOf([4, 1, 3, 2, 5]);
    assert.deepEqual(of, {
      ...{ count: 5, low: 1, quarter: 2, median: 3, threeQuarters: 4, high: 5 },
      p99: 4.96,
    });
    assert.equal(distributionOf([1, 2]).median, 1.5);
  });

  test('is of the samples that are numbers', () => {
    assert.equal(distributionOf([1, NaN, 3]).count, 2);
    assert.equal(distributionOf([]).median, NaN);
  });
});

describe('a number is shown', () => {
  const cases: [number, string][] = [
    [12345.6, '12,346'],
    [123.4, '123'],
    [12.34, '12.3'],
    [1.5, '1.50'],
    [0.9996, '1.00'],
    [0.01234, '0.012'],
    [128, '128'],
    [0, '0'],
    [-0.5, '-0.500'],
    [NaN, '–'],
    [Infinity, '–'],
  ];
  for (const [value, text] of cases) {
    test(`${value} as ${text}`, () => {
      assert.equal(shown(value), text);
    });
  }

  test('with its spread where there is one', () => {
    const figure = { median: 0.97, low: 0.9649, high: 0.98, count: 3 };
    assert.equal(shownWithSpread(figure, shownRatio), '0.970 (0.965 to 0.980)');
    assert.equal(shownWithSpread({ ...figure, count: 1 }, shownRatio), '0.970');
    assert.equal(shownWithSpread({ median: NaN, low: NaN, high: NaN, count: 0 }), '–');
  });

  test('durations in minutes and seconds', () => {
    assert.equal(shownDuration(59_400), '59 s');
    assert.equal(shownDuration(119_600), '2 min');
    assert.equal(shownDuration(125_000), '2 min 5 s');
  });
});
