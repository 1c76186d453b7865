import assert from 'node:assert/strict';
import { test } from 'node:test';

import { takeTurns, type TwoWays } from '../../../src/bench/table1/turns.js';
import type { Turn } from '../../../src/bench/suite/result.js';

/** Measures 1, 2, 3 … and notes how. */
function numbered(order: string[], failAt = Infinity): TwoWays {
  const next = (how: string): number => {
    order.push(how);
    if (order.length === failAt) throw new Error('fell apart');
    return order.length;
  };
  return {
    alone: async () => next('alone'),
    pair: async () => ({ pair: next('pair'), logMbitPerS: 0.5 }),
  };
}

test('every other turn begins with the pair, and says which is which', async () => {
  const order: string[] = [];
  const turns: Turn[] = [];
  await takeTurns(
    3,
    numbered(order),
    () => true,
    (turn) => turns.push(turn),
  );
  assert.deepEqual(order, ['alone', 'pair', 'pair', 'alone', 'alone', 'pair']);
  assert.deepEqual(turns, [
    { alone: 1, pair: 2, logMbitPerS: 0.5 },
    { alone: 4, pair: 3, logMbitPerS: 0.5 },
    { alone: 5, pair: 6, logMbitPerS: 0.5 },
  ]);
});

test('when there is no time left, no turn begins but the first', async () => {
  const order: string[] = [];
  const turns: Turn[] = [];
  await takeTurns(
    5,
    numbered(order),
    () => turns.length < 2,
    (turn) => turns.push(turn),
  );
  assert.equal(turns.length, 2);
  await takeTurns(
    5,
    numbered(order),
    () => false,
    (turn) => turns.push(turn),
  );
  assert.equal(turns.length, 3);
});

test('turns that came to their end are told before a failure is', async () => {
  const turns: Turn[] = [];
  const failing = takeTurns(
    4,
    numbered([], 4),
    () => true,
    (turn) => turns.push(turn),
  );
  await assert.rejects(failing, /fell apart/);
  assert.deepEqual(turns, [{ alone: 1, pair: 2, logMbitPerS: 0.5 }]);
});
