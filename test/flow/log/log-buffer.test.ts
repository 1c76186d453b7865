import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { VmftError } from '../../../src/base/errors.js';
import { LogBuffer } from '../../../src/flow/log/log-buffer.js';

describe('the log buffer', () => {
  it('counts what is not acknowledged', () => {
    const buffer = new LogBuffer(100);
    buffer.append(0n, 60);
    assert.equal(buffer.full, false);
    buffer.append(1n, 50);
    assert.equal(buffer.full, true);
    assert.equal(buffer.acknowledge(0n), null);
    assert.deepEqual([buffer.bytes, buffer.full, buffer.settled], [50, false, false]);
    assert.equal(buffer.acknowledge(1n), null);
    assert.deepEqual([buffer.bytes, buffer.settled], [0, true]);
  });

  it('names a wrong acknowledgement', () => {
    const buffer = new LogBuffer(100);
    buffer.append(0n, 1);
    assert.equal(buffer.acknowledge(1n)?.code, 'ack-beyond-sent');
    assert.equal(buffer.acknowledge(0n), null);
    assert.equal(buffer.acknowledge(0n)?.code, 'sequence-repeated');
  });

  it('finds a recorder that skips a segment', () => {
    const buffer = new LogBuffer(100);
    assert.throws(
      () => {
        buffer.append(1n, 1);
      },
      (error: unknown) => error instanceof VmftError && error.code === 'internal',
    );
  });
});
