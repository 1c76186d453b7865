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
    assert.equal(detector.tick(110), 5);
  });

  it('does not suspect a peer for our own sleep', () => {
    const detector = new FailureDetector(10, 0);
    detector.tick(10);
    assert.ok(detector.tick(5_000) <= 30);
    detector.heard(5_001);
    assert.ok(detector.tick(5_010) <= 20);
  });

  it('counts as much in a calm pair as by fast ticks', () => {
    const detector = new FailureDetector(10, 0);
    detector.expectWithin(50);
    assert.equal(detector.tick(50), 50);
    detector.expectWithin(50);
    // Found at the tick, where it had lain for 40 ms.
    detector.heard(100, 40);
    assert.equal(detector.lastHeardMs, 60);
    assert.equal(detector.tick(100), 40);
    assert.equal(detector.tick(110), 50);
  });

  it('takes a tick for late that comes after the longest that was said', () => {
    const detector = new FailureDetector(10, 0);
    detector.expectWithin(50);
    detector.expectWithin(10);
    assert.equal(detector.tick(5_000), 55);
    assert.equal(detector.tick(9_000), 70);
    detector.heard(9_500, 400);
    assert.ok(detector.silenceMs <= 15);
  });

  it('is not told by a message that came before another', () => {
    const detector = new FailureDetector(10, 0);
    detector.heard(100);
    detector.tick(110);
    detector.heard(110, 50);
    assert.equal(detector.silenceMs, 10);
    assert.equal(detector.lastHeardMs, 100);
  });

  it('is not moved by a clock that stands still or jumps back', () => {
    const detector = new FailureDetector(10, 100);
    assert.equal(detector.tick(100), 0);
    assert.equal(detector.tick(50), 0);
    assert.equal(detector.tick(60), 10);
  });
});
