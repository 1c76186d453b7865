import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { describeCpu, guestCpuOf, type CpuidLeaf } from '../../../src/flow/machine/guest-cpu.js';
import { exampleCpu } from '../log/example-guest.js';

describe('a guest’s CPU', () => {
  it('is named by its leaves', () => {
    assert.deepEqual(guestCpuOf(exampleCpu.leaves), exampleCpu);
    assert.equal(describeCpu(exampleCpu), 'AuthenticAMD family 23 model 49 stepping 0');
    const intel = { vendor: 'GenuineIntel', signature: 0x000506e3 };
    assert.equal(describeCpu(intel), 'GenuineIntel family 6 model 94 stepping 3');
    const old = { vendor: 'AuthenticAMD', signature: 0x00000f4a };
    assert.equal(describeCpu(old), 'AuthenticAMD family 15 model 4 stepping 10');
  });

  it('is none without its first two leaves', () => {
    const without = (leaf: number): CpuidLeaf[] =>
      exampleCpu.leaves.filter(({ function: of }) => of !== leaf);
    assert.equal(guestCpuOf(without(0)), null);
    assert.equal(guestCpuOf(without(1)), null);
  });
});
