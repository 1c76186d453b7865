import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

import { CountingProcess } from '../../../src/bench/guest/counting-process.js';

/** A program of this shell that tells counts as `did N`. */
function counting(script: string): {
  readonly running: CountingProcess;
  readonly ended: Promise<unknown>;
} {
  const child = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  const running = new CountingProcess(child, (line) => {
    const count = /^did (\d+)$/.exec(line)?.[1];
    return count === undefined ? null : Number(count);
  });
  return { running, ended: once(child, 'close') };
}

const twenties = 'n=0; while :; do n=$((n + 20)); echo did $n; sleep 0.02; done';

test('measures by this clock, and silence at the end is part of the time', async () => {
  const { running, ended } = counting(twenties);
  await running.warm(0, 10_000);
  // Never more than what it does without any pause but its own.
  const steady = await running.measure(200);
  assert.ok(steady > 0 && steady <= 1_000, String(steady));
  await running.stop();
  await ended;

  const pausing = counting(
    'echo did 0; sleep 0.1; echo did 10; n=20; while :; do echo did $n; sleep 1; n=$((n + 10)); done',
  );
  await pausing.running.warm(0, 10_000);
  // From one count to the next, a second later, and not the time that was asked for.
  const slow = await pausing.running.measure(200);
  assert.ok(slow <= 20, String(slow));
  await pausing.running.stop();
  await pausing.ended;
});

test('what fails is told with what it said last', async () => {
  const atOnce = counting('echo did 1; echo no such database >&2; exit 1');
  await assert.rejects(atOnce.running.warm(0, 10_000), /ended by itself: no such database/);
  const later = counting('echo did 1; echo did 2; sleep 0.2; echo out of room; exit 1');
  await later.running.warm(0, 10_000);
  await assert.rejects(later.running.measure(1_000), /ended by itself: out of room/);
});

test('who does not begin to count is not waited for, and is ended', async () => {
  const { running, ended } = counting('echo did 5; exec sleep 100');
  await assert.rejects(running.warm(0, 300), /did not begin to work in time/);
  await ended;
});
