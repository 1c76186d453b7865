import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Gate } from '../../../src/flow/output/gate.js';

describe('the gate', () => {
  it('holds outputs until their segment is acknowledged', () => {
    const gate = new Gate(3n);
    gate.append(0n, 3n);
    gate.append(1n, 5n);
    gate.append(2n, 9n);
    assert.equal(gate.released, 3n);
    assert.equal(gate.acknowledge(0n), null);
    assert.equal(gate.acknowledge(1n), 5n);
    assert.equal(gate.produced, 9n);
    assert.equal(gate.acknowledge(2n), 9n);
  });

  it('takes one acknowledgement for several segments, and a repeated one for nothing', () => {
    const gate = new Gate(0n);
    for (let sequence = 0n; sequence < 3000n; sequence += 1n) gate.append(sequence, sequence + 1n);
    assert.equal(gate.acknowledge(2500n), 2501n);
    assert.equal(gate.acknowledge(2500n), null);
    assert.equal(gate.acknowledge(7n), null);
    assert.equal(gate.acknowledge(2999n), 3000n);
  });

  it('opens for good when the replica is alone', () => {
    const gate = new Gate(0n);
    gate.append(0n, 4n);
    assert.equal(gate.alone(), 4n);
    gate.append(1n, 6n);
    assert.equal(gate.released, 6n);
    assert.equal(gate.acknowledge(1n), null);
  });
});
