import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, test } from 'node:test';

import { runSectionProcess } from '../../../src/bench/suite/section-child.js';
import type { SectionMessage, SectionOrder } from '../../../src/bench/suite/section-message.js';
import { softAccelerator } from '../../../src/flow/machine/accelerator.js';
import { systemClock } from '../../../src/flow/world/system-clock.js';

/** A number that names this test's processes. */
const seed = 1_000_000 + process.pid;

function orderOf(leftMs: number): SectionOrder {
  const options = { quick: true, accelerator: softAccelerator, replication: 'auto', seed } as const;
  return { section: 'failover', options, softEndMs: systemClock.nowMs() + leftMs };
}

/** Of processes with this text on their command line. */
function processesWith(text: string): string[] {
  return readdirSync('/proc').filter((id) => {
    try {
      return /^\d+$/.test(id) && readFileSync(`/proc/${id}/cmdline`, 'latin1').includes(text);
    } catch {
      return false;
    }
  });
}

void describe('a section in namespaces of its own', () => {
  void test('tells what it measures, and what it has no time for', async () => {
    const heard: SectionMessage[] = [];
    const why = await runSectionProcess(
      orderOf(0),
      (message) => heard.push(message),
      new AbortController().signal,
    );
    assert.equal(why, null);
    assert.deepEqual(heard, [
      { type: 'skip', row: 'kills 1 to 20', why: 'the time of this section was over' },
    ]);
  });

  void test('is ended with all that it started', async () => {
    const stop = new AbortController();
    let atWork = 0;
    const why = await runSectionProcess(
      orderOf(600_000),
      (message) => {
        if (message.type !== 'doing') return;
        atWork = processesWith(`"seed":${seed}`).length;
        stop.abort();
      },
      stop.signal,
    );
    assert.equal(why, 'its process ended: SIGKILL');
    assert.ok(atWork > 0);
    assert.deepEqual(processesWith(`"seed":${seed}`), []);
  });
});
