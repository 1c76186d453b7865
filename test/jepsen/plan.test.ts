import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseBudget, planLives } from './plan.js';

void test('all kills are planned, in every mode, with both ends', () => {
  const lives = planLives(50, ['shared', 'iscsi', 'private', 'backup-read'], ['redis-set']);
  assert.equal(lives.length, 8);
  assert.equal(
    lives.reduce((sum, { kills }) => sum + kills, 0),
    50,
  );
  assert.deepEqual(
    lives.slice(0, 2).map(({ mode, end, kills }) => [mode, end, kills]),
    [
      ['shared', 'power-off', 7],
      ['shared', 'crash', 7],
    ],
  );
  assert.deepEqual(
    planLives(1, ['shared'], ['redis-set']).map(({ end, kills }) => [end, kills]),
    [['power-off', 1]],
  );
});

void test('budgets', () => {
  assert.deepEqual(['90s', '40m', '2h', '40', 'm', ''].map(parseBudget), [
    90_000,
    2_400_000,
    7_200_000,
    null,
    null,
    null,
  ]);
});
