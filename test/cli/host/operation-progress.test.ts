import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { durationText, mebibytes, OperationDisplay } from '../../../src/cli/operation-progress.js';
import { progress } from './fake-host.js';

describe('the progress of an operation, off a terminal', () => {
  it('is a line for each step, each pause, and every five seconds', () => {
    const lines: string[] = [];
    let now = 0;
    const display = new OperationDisplay(
      false,
      (line) => lines.push(line),
      () => now,
    );
    const copy = { step: 'copying', leftBytes: 3 * 2 ** 20, bytesPerSecond: 2 ** 20 };
    display.show(progress({ step: 'asking b' }));
    for (let second = 0; second < 12; second++) {
      now = 10_000 + second * 1_000;
      display.show(progress({ ...copy, sentBytes: second * 2 ** 20 }));
    }
    display.show(progress({ ...copy, sentBytes: 2 ** 30, leftBytes: 0, pauseMs: 42 }));
    display.show(progress({ step: 'done', done: true }));
    assert.deepEqual(lines, [
      'asking b',
      'copying, 0.0 MiB sent, 3.0 MiB left, 1.0 MiB/s, about 3 s',
      'copying, 5.0 MiB sent, 3.0 MiB left, 1.0 MiB/s, about 3 s',
      'copying, 10 MiB sent, 3.0 MiB left, 1.0 MiB/s, about 3 s',
      'copying, 1024 MiB sent, 0.0 MiB left, 1.0 MiB/s, about 0 s, guest paused 42 ms',
    ]);
  });

  it('writes sizes and times as people do', () => {
    assert.deepEqual([0, 1_500_000, 2 ** 34].map(mebibytes), ['0.0 MiB', '1.4 MiB', '16.0 GiB']);
    const times = [-5, 59_499, 125_000, 3 * 3_600_000 + 240_000, 51 * 3_600_000].map(durationText);
    assert.deepEqual(times, ['0 s', '59 s', '2 min 5 s', '3 h 4 min', '2 d 3 h']);
  });
});
