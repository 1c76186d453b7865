import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Counts } from '../../../src/bench/table1/counts.js';
import { transactionsIn } from '../../../src/bench/table1/oltp.js';
import { ordersIn } from '../../../src/bench/table1/web-shop.js';

function countsOf(...told: readonly [count: number, atMs: number][]): Counts {
  const counts = new Counts();
  for (const [count, atMs] of told) counts.add(count, atMs);
  return counts;
}

test('a rate is between the counts within its time, not between its edges', () => {
  const counts = countsOf([0, 0], [100, 1_000], [150, 1_500], [300, 3_000], [9_000, 4_000]);
  assert.equal(counts.perSecond(900, 3_900), 100);
  assert.equal(counts.perSecond(1_000, 1_500), 100);
});

test('what stands still, or tells too little, has no rate', () => {
  const counts = countsOf([5, 0], [5, 1_000], [6, 2_000]);
  assert.throws(() => counts.perSecond(0, 1_500), /stood still: 2 counts within 1500 ms/);
  assert.throws(() => counts.perSecond(1_500, 3_000), /1 counts/);
  assert.throws(() => counts.perSecond(3_000, 4_000), /0 counts/);
});

test('a workload is at work when its count has grown', () => {
  assert.equal(countsOf().growing, false);
  assert.equal(countsOf([7, 0], [7, 250]).growing, false);
  assert.equal(countsOf([7, 0], [7, 250], [8, 500]).growing, true);
});

test('old counts are forgotten, the newest are not', () => {
  const counts = new Counts();
  for (let second = 0; second < 5_000; second += 1) counts.add(second * 10, second * 1_000);
  assert.equal(counts.perSecond(4_600_000, 4_999_000), 10);
  assert.throws(() => counts.perSecond(0, 1_000_000), /stood still/);
});

test('counts are told apart from all else that the programs say', () => {
  assert.equal(transactionsIn('4711'), 4711);
  for (const line of ['', 'group 12', 'pgbench (15.2)', '12 s', 'pgbench: error: 1']) {
    assert.equal(transactionsIn(line), null, line);
  }
  assert.equal(ordersIn('orders 12'), 12);
  for (const line of ['', '12', 'orders', 'orders 12 failed', 'Error: orders 12']) {
    assert.equal(ordersIn(line), null, line);
  }
});
