import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Clock } from '../../../src/base/clock.js';
import type { SectionOrder } from '../../../src/bench/suite/section-message.js';
import { VmftError } from '../../../src/base/errors.js';
import type { IdleRow, SectionName, SkippedRow } from '../../../src/bench/suite/result.js';
import { runSuite, type SuitePlan, type SuiteWorld } from '../../../src/bench/suite/run-suite.js';
import type { SectionRunner } from '../../../src/bench/suite/section-child.js';
import { softAccelerator } from '../../../src/flow/machine/accelerator.js';

/** Stands still but for what the test lets pass; timers fire as it passes. */
class TestClock implements Clock {
  private nowAtMs = 1_000;
  private timers: { atMs: number; run: () => void }[] = [];

  nowMs(): number {
    return this.nowAtMs;
  }

  realtimeMs(): number {
    return 5_000_000 + this.nowAtMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.nowAtMs + delayMs, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((each) => each !== timer);
    };
  }

  every(): () => void {
    throw new Error('not used here');
  }

  pass(ms: number): void {
    this.nowAtMs += ms;
    for (const timer of this.timers.filter(({ atMs }) => atMs <= this.nowAtMs)) timer.run();
  }
}

const row: IdleRow = { guest: 'idle', turns: [] };

const plan: SuitePlan = {
  sections: ['failover', 'idle', 'scale'],
  options: { quick: true, accelerator: softAccelerator, replication: 'auto', seed: 1 },
  command: 'vmft bench --quick',
  commandOf: (section) => `vmft bench --table ${section}`,
};

interface Heard {
  readonly lines: string[];
  readonly over: [SectionName, number, readonly SkippedRow[]][];
}

function worldOf(
  clock: TestClock,
  runSection: SectionRunner,
  interrupted = new AbortController().signal,
): { world: SuiteWorld; heard: Heard } {
  const heard: Heard = { lines: [], over: [] };
  const world: SuiteWorld = {
    clock,
    machine: () => ({
      ...{ processor: 'P', cores: 2, memoryMiB: 4096, kernel: 'K', distribution: 'D', node: 'N' },
      ...{ vmft: 'V', loadAtStart: 0, guest: [] },
    }),
    expectedMs: () => 60_000,
    runSection,
    progress: {
      section: () => undefined,
      line: (text) => heard.lines.push(text),
      doing: () => undefined,
      over: (name, rows, skipped) => heard.over.push([name, rows, skipped]),
    },
    interrupted,
  };
  return { world, heard };
}

/** Hangs until it is stopped. */
function hangs(stop: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    stop.addEventListener('abort', () => {
      resolve('its process ended: SIGKILL');
    });
  });
}

void describe('the bench in sections', () => {
  void test('rows, what was skipped, how long it took and what the pairs said are kept', async () => {
    const clock = new TestClock();
    const orders: SectionOrder[] = [];
    const { world, heard } = worldOf(clock, async (order, listener) => {
      orders.push(order);
      listener({ type: 'joined', replication: order.section === 'failover' ? 'replay' : 'other' });
      listener({ type: 'line', text: `${order.section} at work` });
      listener({ type: 'row', row });
      listener({ type: 'skip', row: 'with network', why: 'no ping' });
      clock.pass(30_000);
      return null;
    });
    const result = await runSuite(plan, world);
    assert.deepEqual(result.sections.idle, {
      rows: [row],
      skipped: [{ row: 'with network', why: 'no ping' }],
      durationMs: 30_000,
      command: 'vmft bench --table idle',
    });
    assert.equal(result.sections.table1, null);
    assert.equal(result.replication, 'replay');
    assert.deepEqual([result.startedAtMs, result.durationMs], [5_001_000, 90_000]);
    assert.deepEqual(heard.lines, ['failover at work', 'idle at work', 'scale at work']);
    // Each may use what the others do not expect to need.
    assert.deepEqual(
      orders.map(({ softEndMs }) => softEndMs),
      [456_000, 516_000, 576_000],
    );
  });

  void test('a section that fails keeps its rows and says why; the others are measured', async () => {
    const clock = new TestClock();
    const { world, heard } = worldOf(clock, async ({ section }, listener) => {
      if (section === 'idle') throw new VmftError('internal', 'unshare is not there');
      listener({ type: 'row', row });
      listener({ type: 'doing', text: 'boot 2', done: 1, total: 2 });
      return section === 'failover' ? 'the guest did not boot' : null;
    });
    const { sections } = await runSuite(plan, world);
    assert.equal(sections.failover?.rows.length, 1);
    assert.deepEqual(sections.failover.skipped, [
      { row: 'the further rows, from “boot 2” on', why: 'the guest did not boot' },
    ]);
    assert.deepEqual(sections.idle?.skipped, [{ row: 'all rows', why: 'unshare is not there' }]);
    assert.deepEqual(sections.scale?.skipped, []);
    assert.equal(heard.over.length, 3);
  });

  void test('a section that hangs is ended behind its share, and the next one has its own', async () => {
    const clock = new TestClock();
    const { world } = worldOf(clock, async (order, listener, stop) => {
      if (order.section !== 'failover') {
        listener({ type: 'row', row });
        return null;
      }
      const ended = hangs(stop);
      clock.pass(order.softEndMs - clock.nowMs());
      assert.equal(stop.aborted, false);
      clock.pass(25_000);
      return ended;
    });
    const { sections, durationMs } = await runSuite(plan, world);
    assert.match(sections.failover?.skipped[0]?.why ?? '', /its share of the time was over/);
    assert.equal(sections.scale?.rows.length, 1);
    assert.ok(durationMs <= 10 * 60_000);
  });

  void test('a person ends it: what is under way is stopped, nothing more begins, rows are kept', async () => {
    const clock = new TestClock();
    const interrupted = new AbortController();
    const begun: SectionName[] = [];
    const { world } = worldOf(
      clock,
      async ({ section }, listener, stop) => {
        begun.push(section);
        listener({ type: 'row', row });
        if (section !== 'idle') return null;
        const ended = hangs(stop);
        interrupted.abort();
        return ended;
      },
      interrupted.signal,
    );
    const { sections } = await runSuite(plan, world);
    assert.deepEqual(begun, ['failover', 'idle']);
    assert.deepEqual(sections.idle?.rows, [row]);
    assert.deepEqual(sections.idle.skipped, [{ row: 'the further rows', why: 'interrupted' }]);
    assert.deepEqual(sections.scale?.skipped, [{ row: 'all rows', why: 'interrupted' }]);
  });
});
