import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { CopyConvergence } from '../../../src/pair/session/copy-convergence.js';

/** A guest whose changes in a round are `dirtyBytesPerMs` at full speed, copied at `rate`; the rounds' shares until the pause. */
function rounds(leftBytes: number, dirtyBytesPerMs: number, rate: number, pauseMs = 50): number[] {
  const convergence = new CopyConvergence(pauseMs);
  const shares: number[] = [];
  for (let left = leftBytes; shares.length < 100;) {
    const next = convergence.next(left, rate);
    if (next === 'pause') return shares;
    shares.push(next.speedShare);
    left = (left / rate) * dirtyBytesPerMs * next.speedShare;
  }
  return shares;
}

describe('the rounds of a copy', () => {
  it('end at once when what is left fits the pause', () => {
    assert.deepEqual(rounds(49_000, 0, 1_000), []);
    assert.deepEqual(rounds(51_000, 0, 1_000), [1]);
    assert.deepEqual(rounds(0, 0, 0), []);
  });

  it('go on unslowed while each leaves less', () => {
    const shares = rounds(10_000_000, 500, 1_000);
    assert.ok(shares.length > 5 && shares.every((share) => share === 1), shares.join());
  });

  it('slow a guest that changes more than is copied, step by step, until it is less', () => {
    const shares = rounds(1_000_000, 3_000, 1_000);
    assert.ok(shares.length < 30, shares.join());
    assert.deepEqual(
      shares,
      shares.toSorted((a, b) => b - a),
    );
    const least = shares.at(-1) ?? 1;
    assert.ok(least < 0.36 && least > 0.05, `${least}`);
  });

  it('end with a pause when even the slowest guest is too fast, or the rounds are too many', () => {
    const wild = rounds(1_000_000, 100_000, 1_000);
    assert.equal(wild.at(-1), 0.05);
    assert.ok(wild.length < 10, wild.join());
    assert.ok(rounds(2 ** 50, 790, 1_000).length <= 30);
  });
});
