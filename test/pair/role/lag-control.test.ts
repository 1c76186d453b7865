import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { LagControl } from '../../../src/pair/role/lag-control.js';

describe('lag control', () => {
  it('leaves a primary alone whose backup keeps up', () => {
    const lag = new LagControl(100);
    for (let at = 0; at < 100; at += 1) assert.equal(lag.update(at % 80), null);
  });

  it('brings a slower backup to rest near the limit', () => {
    const lag = new LagControl(100);
    let share = 1;
    let behindMs = 0;
    for (let at = 0; at < 2_000; at += 1) {
      behindMs = Math.max(0, behindMs + 10 * share - 10 * 0.7);
      share = lag.update(behindMs) ?? share;
    }
    assert.ok(Math.abs(share - 0.7) < 0.03, `share ${share}`);
    assert.ok(behindMs > 50 && behindMs < 150, `lag ${behindMs} ms`);
  });

  it('gives the speed back', () => {
    const lag = new LagControl(100);
    let share = 1;
    for (let at = 0; at < 50; at += 1) share = lag.update(1_000) ?? share;
    assert.ok(share < 0.05);
    for (let at = 0; at < 50; at += 1) share = lag.update(0) ?? share;
    assert.equal(share, 1);
  });
});
