import assert from 'node:assert/strict';
import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { YoungGarbage } from '../../../src/pair/channel/young-garbage.js';

const { NODE_PERFORMANCE_GC_MAJOR, NODE_PERFORMANCE_GC_MINOR } = constants;

/** Kinds of the collections while `work` ran. */
async function collectionsWhile(work: () => void): Promise<number[]> {
  const kinds: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { detail: { kind: number } })[])
      kinds.push(entry.detail.kind);
  });
  observer.observe({ entryTypes: ['gc'] });
  work();
  // Entries come behind what is running.
  await sleep(100);
  observer.disconnect();
  return kinds;
}

void describe('garbage of the log', () => {
  void test('each so many bytes the young generation is collected, and nothing else', async () => {
    const garbage = new YoungGarbage(1_000);
    garbage.passed(999);
    const kinds = await collectionsWhile(() => {
      for (let count = 0; count < 10; count += 1) garbage.passed(500);
    });
    const of = (kind: number): number => kinds.filter((found) => found === kind).length;
    assert.ok(of(NODE_PERFORMANCE_GC_MINOR) >= 5, String(kinds));
    assert.equal(of(NODE_PERFORMANCE_GC_MAJOR), 0);
  });

  void test('no other context has the function', () => {
    new YoungGarbage(1).passed(1);
    assert.equal((globalThis as { gc?: unknown }).gc, undefined);
  });
});
