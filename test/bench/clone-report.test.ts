import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { cloneReport, cloneTable, type CloneSample } from '../../src/bench/clone-report.js';

function clone(pauseMs: number, diverged = false): CloneSample {
  return {
    ...{ pauseMs, clientGapMs: pauseMs + 5, totalMs: 1_500, sentBytes: 50 * 2 ** 20 },
    ...{ rounds: 4, throttle: 0.25, comparedMs: 1_900, diverged },
  };
}

void describe('clone benchmark report', () => {
  test('medians, the most, and what went wrong', () => {
    const clones = [clone(40), clone(60, true), clone(300)];
    const report = cloneReport({ clones, clientFaults: 2 });
    assert.deepEqual(report.pauseMs, { median: 60, most: 300 });
    assert.deepEqual(report.sentMiB, { median: 50, most: 50 });
    assert.equal(report.diverged, 1);
    const text = cloneTable(report).join('\n');
    assert.match(text, /pause +60 ms \(most 300\): goal at most 100 ms, met/);
    assert.match(text, /1 DIVERGED/);
    assert.match(text, /connections lost: 2/);
  });

  test('a pause above the goal is said', () => {
    const report = cloneReport({ clones: [clone(101)], clientFaults: 0 });
    assert.match(cloneTable(report).join('\n'), /MISSED/);
  });
});
