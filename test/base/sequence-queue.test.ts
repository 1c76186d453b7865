import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { SequenceQueue } from '../../src/base/sequence-queue.js';

function taken<Value>(queue: SequenceQueue<Value>, sequence: bigint): Value[] {
  const values: Value[] = [];
  queue.take(sequence, (value) => values.push(value));
  return values;
}

describe('a queue by sequence number', () => {
  it('gives each value once, in order, up to the number asked for', () => {
    const queue = new SequenceQueue<string>();
    for (const [at, value] of ['a', 'b', 'c', 'd'].entries()) queue.append(BigInt(2 * at), value);
    assert.deepEqual(taken(queue, 3n), ['a', 'b']);
    assert.deepEqual(taken(queue, 3n), []);
    assert.deepEqual(taken(queue, 6n), ['c', 'd']);
    queue.append(7n, 'e');
    queue.clear();
    assert.deepEqual(taken(queue, 9n), []);
  });

  it('goes on for long while it is never empty', () => {
    const queue = new SequenceQueue<number>();
    queue.append(0n, 0);
    for (let at = 1; at < 10_000; at += 1) {
      queue.append(BigInt(at), at);
      assert.deepEqual(taken(queue, BigInt(at - 1)), [at - 1]);
    }
  });
});
