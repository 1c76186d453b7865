import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Clock } from '../../../src/base/clock.js';
import { limits } from '../../../src/base/limits.js';
import { CopyWindow } from '../../../src/pair/session/copy-window.js';
import type { PeerLink } from '../../../src/pair/session/ports.js';

const kib = 1024;
const chunk = { kind: 'memory-chunk', pages: Buffer.alloc(64 * kib) } as const;

/** Time goes on by itself when somebody waits for it. */
class FakeTime implements Pick<Clock, 'nowMs' | 'after'> {
  now = 0;
  nowMs(): number {
    return this.now;
  }
  after(delayMs: number, run: () => void): () => void {
    setImmediate(() => {
      this.now += delayMs;
      run();
    });
    return () => undefined;
  }
}

function windowOf(
  rate: number,
  takes = true,
): { window: CopyWindow; time: FakeTime; sent: number[] } {
  const time = new FakeTime();
  const sent: number[] = [];
  const link: PeerLink = {
    id: 1,
    send: () => {
      sent.push(time.now);
      return takes;
    },
    whenDrained: () => undefined,
    close: () => undefined,
  };
  const clock = { nowMs: () => time.now, after: time.after.bind(time) } as unknown as Clock;
  return { window: new CopyWindow(link, clock, rate), time, sent };
}

describe('the way of a copy’s chunks', () => {
  it('holds so many that are not taken in, and goes on as they are', async () => {
    const { window, sent } = windowOf(Infinity);
    let done = false;
    const all = (async () => {
      for (let at = 0; at < limits.copyChunksUnderWayMax + 5; at += 1) await window.send(chunk);
      done = true;
    })();
    await new Promise(setImmediate);
    assert.equal(sent.length, limits.copyChunksUnderWayMax);
    assert.equal(window.taken(3n), null);
    await new Promise(setImmediate);
    assert.equal(sent.length, limits.copyChunksUnderWayMax + 3);
    assert.equal(window.taken(2n)?.code, 'ack-beyond-sent', 'fewer than before');
    assert.equal(window.taken(1_000n)?.code, 'ack-beyond-sent', 'more than were sent');
    assert.equal(done, false);
    assert.equal(window.taken(30n), null);
    await all;
  });

  it('keeps to a rate while the guest runs, and to none while it waits', async () => {
    const { window, time } = windowOf(1024 * kib);
    for (let at = 1; at <= 17; at += 1) {
      await window.send(chunk);
      window.taken(BigInt(at));
    }
    // 16 chunks of 64 KiB are 1 MiB, and go before the 17th.
    assert.ok(time.now > 950 && time.now < 1_050, `${time.now} ms`);
    const before = time.now;
    window.unlimited();
    for (let at = 18; at <= 40; at += 1) {
      await window.send(chunk);
      window.taken(BigInt(at));
    }
    assert.equal(time.now, before);
  });

  it('lets go of whoever waits when the copy is stopped', async () => {
    const { window } = windowOf(Infinity, false);
    const waiting = window.send(chunk);
    window.stop();
    await waiting;
    await window.emptied();
  });
});
