import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { systemClock } from '../../../src/flow/world/system-clock.js';
import { HeartbeatSocket } from '../../../src/pair/channel/heartbeat-socket.js';
import type { Heartbeat } from '../../../src/pair/channel/messages.js';
import type { Rest } from '../../../src/pair/role/peer-pulse.js';

const machineId = 'a-machine';
const host = '127.0.0.1';

/** What is under test, a peer that knows it, and what either has heard. */
class Pair {
  readonly heard: Heartbeat[] = [];
  readonly peerHeard: Heartbeat[] = [];
  readonly peer = HeartbeatSocket.open(host, 0, host, (heartbeat) =>
    this.peerHeard.push(heartbeat),
  );
  readonly own = HeartbeatSocket.open(host, 0, host, (heartbeat) => this.heard.push(heartbeat));
  over = 0;

  constructor() {
    this.own.towards(this.peer.port);
    this.peer.towards(this.own.port);
  }

  rest(change: Partial<Rest> = {}): boolean {
    const nowMs = systemClock.nowMs();
    const rest: Rest = {
      ...{ generation: 3n, sent: 5n, heard: 7n, dueMs: nowMs, periodMs: 10 },
      ...{ heardMs: nowMs, lateAfterMs: 60_000, untilMs: nowMs + 60_000, ...change },
    };
    return this.own.rest(rest, machineId, () => {
      this.over += 1;
    });
  }

  say(counter: bigint, echo: bigint): void {
    this.peer.send({ machineId, generation: 3n, counter, echo });
  }

  /** Waits until the peer has heard so many. */
  async peerHears(count: number): Promise<void> {
    while (this.peerHeard.length < count) {
      await sleep(2);
      this.peer.deliver();
    }
  }

  async isOver(): Promise<void> {
    while (this.over === 0) await sleep(2);
  }

  close(): void {
    this.own.close();
    this.peer.close();
  }
}

describe('heartbeats at rest', { timeout: 20_000 }, () => {
  let pair: Pair;
  afterEach(() => {
    pair.close();
  });

  it('go out by themselves, answer, and are told of', async () => {
    pair = new Pair();
    assert.ok(pair.rest());
    await pair.peerHears(2);
    pair.say(8n, 7n);
    const before = pair.peerHeard.length;
    await pair.peerHears(before + 3);
    const beats = pair.own.rise();
    assert.deepEqual(
      beats.map(({ sent }) => sent),
      beats.map((_, at) => 6n + BigInt(at)),
    );
    const told = beats.flatMap(({ heard }) => heard);
    assert.deepEqual(
      told.map(({ counter, echo }) => ({ counter, echo })),
      [{ counter: 8n, echo: 7n }],
    );
    const last = pair.peerHeard.at(-1);
    assert.deepEqual(
      { ...last, counter: 0n },
      { machineId, generation: 3n, counter: 0n, echo: 8n },
    );
    assert.equal(pair.over, 0);
    assert.deepEqual(pair.own.rise(), []);
  });

  it('do not go out while the event loop hangs', async () => {
    pair = new Pair();
    pair.rest();
    await pair.peerHears(1);
    const before = pair.peerHeard.length;
    const untilMs = systemClock.nowMs() + 300;
    while (systemClock.nowMs() < untilMs) pair.peer.deliver();
    assert.ok(pair.peerHeard.length <= before + 1, 'one may have been on its way');
    await pair.peerHears(before + 2);
  });

  it('end when the rest does, however alive the event loop is', async () => {
    pair = new Pair();
    pair.rest({ untilMs: systemClock.nowMs() + 50 });
    await pair.isOver();
    pair.peer.deliver();
    const heard = pair.peerHeard.length;
    await sleep(100);
    pair.peer.deliver();
    assert.equal(pair.peerHeard.length, heard);
    assert.equal(pair.over, 1);
    assert.equal(pair.own.rise().length, heard);
  });

  it('end when the peer is late', async () => {
    pair = new Pair();
    pair.rest({ lateAfterMs: 30 });
    await pair.isOver();
    assert.ok(pair.own.rise().length <= 5);
  });

  it('end by what is not the peer’s next heartbeat, which is delivered then', async () => {
    pair = new Pair();
    pair.rest();
    pair.peer.send({ machineId, generation: 4n, counter: 8n, echo: 0n });
    await pair.isOver();
    pair.own.rise();
    pair.own.deliver();
    assert.deepEqual(
      pair.heard.map(({ generation }) => generation),
      [4n],
    );
    assert.ok(pair.rest(), 'it may rest again');
  });

  it('need to know where the peer is', () => {
    pair = new Pair();
    const lonely = HeartbeatSocket.open(host, 0, null, () => undefined);
    const rest = { generation: 1n, sent: 0n, heard: 0n, heardMs: 0, lateAfterMs: 1 };
    const times = { dueMs: 0, periodMs: 10, untilMs: 1 };
    assert.equal(
      lonely.rest({ ...rest, ...times }, machineId, () => undefined),
      false,
    );
    lonely.close();
  });
});
