import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { executedSaidEveryMs } from '../../../src/base/limits.js';
import { ExecutionReport } from '../../../src/pair/role/execution-report.js';

const progress = (sequence: bigint, diskReadsDone = 0n) => ({
  sequence,
  position: { ticks: sequence * 1000n, rip: 0n, rcx: 0n, registers: 0n, exits: 0n },
  virtualNs: sequence * 1_000_000n,
  digestsChecked: sequence,
  diskReadsDone,
});

describe('what a backup says of its execution', () => {
  it('is said now and then, with the newest', () => {
    const report = new ExecutionReport();
    assert.equal(report.executed(progress(1n), 0)?.virtualNs, 1_000_000n);
    assert.equal(report.executed(progress(2n), 10), null);
    assert.equal(report.executed(progress(3n), executedSaidEveryMs - 1), null);
    assert.equal(report.executed(progress(4n), executedSaidEveryMs)?.virtualNs, 4_000_000n);
  });

  it('is said at once when reads of the disk are done', () => {
    const report = new ExecutionReport();
    report.executed(progress(1n), 0);
    assert.equal(report.executed(progress(2n, 1n), 1)?.diskReadsDone, 1n);
    assert.equal(report.executed(progress(3n, 1n), 2), null);
  });

  it('is said once when nothing follows', () => {
    const report = new ExecutionReport();
    report.executed(progress(1n), 0);
    report.executed(progress(2n), 1);
    assert.equal(report.tick(executedSaidEveryMs), null);
    assert.equal(report.tick(2 * executedSaidEveryMs)?.virtualNs, 2_000_000n);
    assert.equal(report.tick(9 * executedSaidEveryMs), null);
  });
});
