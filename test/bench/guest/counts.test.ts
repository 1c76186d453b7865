import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Counts, perSecond } from '../../../src/bench/guest/counts.js';
import { transactionsIn } from '../../../src/bench/table1/oltp.js';
import { ordersIn } from '../../../src/bench/table1/web-shop.js';

function countsOf(...told: readonly [count: number, atMs: number][]): Counts {
  const counts = new Counts();
  for (const [count, atMs] of told) counts.add(count, atMs);
  return counts;
}

test('a count is found by when it was told', () => {
  const counts = countsOf([0, 0], [100, 1_000], [150, 1_500]);
  assert.deepEqual(counts.firstFrom(0), { count: 0, atMs: 0 });
  assert.deepEqual(counts.firstFrom(1), { count: 100, atMs: 1_000 });
  assert.deepEqual(counts.firstFrom(1_500), { count: 150, atMs: 1_500 });
  assert.equal(counts.firstFrom(1_501), null);
  assert.deepEqual(counts.firstFrom(0, 100), { count: 150, atMs: 1_500 });
  assert.equal(counts.firstFrom(0, 150), null);
});

test('a rate is between two moments at which the count was known', () => {
  assert.equal(perSecond({ count: 100, atMs: 1_000 }, { count: 400, atMs: 2_500 }), 200);
  const still = { count: 100, atMs: 1_000 };
  assert.throws(() => perSecond(still, { count: 100, atMs: 4_000 }), /stood still for 3000 ms/);
  assert.throws(() => perSecond(still, { count: 7, atMs: 4_000 }), /stood still/);
  assert.throws(() => perSecond(still, still), /stood still for 0 ms/);
});

test('a workload is at work when its count has grown', () => {
  assert.equal(countsOf().growing, false);
  assert.equal(countsOf([7, 0], [7, 250]).growing, false);
  assert.equal(countsOf([7, 0], [7, 250], [8, 500]).growing, true);
});

test('old counts are forgotten, the newest are not', () => {
  const counts = new Counts();
  for (let second = 0; second < 5_000; second += 1) counts.add(second * 10, second * 1_000);
  assert.equal(counts.firstFrom(4_999_000)?.count, 49_990);
  assert.ok((counts.firstFrom(0)?.atMs ?? 0) > 4_000_000);
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
