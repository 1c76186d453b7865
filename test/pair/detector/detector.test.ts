import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { FailureDetector } from '../../../src/pair/detector/detector.js';

describe('the failure detector', () => {
  it('counts silence in ticks that come in time', () => {
    const detector = new FailureDetector(10, 0);
    for (let now = 10; now <= 100; now += 10) detector.tick(now);
    assert.equal(detector.silenceMs, 100);
    detector.heard(105);
    assert.equal(detector.silenceMs, 0);
    assert.equal(detector.lastHeardMs, 105);
    assert.equal(detector.tick(110), 10);
  });

  it('does not suspect a peer for our own sleep', () => {
    const detector = new FailureDetector(10, 0);
    detector.tick(10);
    assert.ok(detector.tick(5_000) <= 30);
    detector.heard(5_001);
    assert.ok(detector.tick(5_010) <= 20);
  });

  it('is not moved by a clock that stands still or jumps back', () => {
    const detector = new FailureDetector(10, 100);
    assert.equal(detector.tick(100), 0);
    assert.equal(detector.tick(50), 0);
    assert.equal(detector.tick(60), 10);
  });
});
