import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { defaultPairSettings } from '../../../src/base/limits.js';
import type { Stopped } from '../../../src/flow/machine/machine.js';
import type { FromBackup } from '../../../src/pair/channel/messages.js';
import {
  liveAfterMsOf,
  OutputPermission,
  permissionMs,
} from '../../../src/pair/role/output-permission.js';
import { PrimaryRole } from '../../../src/pair/role/primary.js';
import type { Action } from '../../../src/pair/role/role.js';

const settings = defaultPairSettings;
const liveAfterMs = liveAfterMsOf(settings);
const lasting = permissionMs(liveAfterMs);

describe('the permission to show outputs', () => {
  it('lasts less than any silence after which a backup may go live', () => {
    const { suspectAfterMs, suspectAfterBrokenChannelMs, brokenChannelPatienceMs } = settings;
    for (const ms of [suspectAfterMs, suspectAfterBrokenChannelMs, brokenChannelPatienceMs]) {
      assert.ok(lasting <= 0.8 * ms);
    }
    assert.equal(liveAfterMsOf({ ...settings, suspectAfterMs: 100 }), 100);
    assert.equal(permissionMs(100), 80);
  });

  it('counts from when the newest thing answered was sent, not from the answer', () => {
    const permission = new OutputPermission(liveAfterMs);
    assert.equal(permission.untilMs, -Infinity);
    permission.segmentSent(0n, 100);
    permission.segmentSent(1n, 110);
    permission.segmentSent(2n, 120);
    permission.acknowledged(1n);
    assert.equal(permission.untilMs, 110 + lasting);
    permission.beatSent(5n, 115);
    permission.beatSent(6n, 165);
    assert.equal(permission.echoed(4n), false);
    assert.equal(permission.untilMs, 110 + lasting);
    assert.equal(permission.echoed(6n), true);
    assert.equal(permission.untilMs, 165 + lasting);
    permission.acknowledged(2n);
    assert.equal(permission.untilMs, 165 + lasting, 'an older answer shortens nothing');
    assert.equal(permission.echoed(6n), false, 'nor does the same one again');
  });

  it('believes no echo of a heartbeat that was never sent', () => {
    const permission = new OutputPermission(liveAfterMs);
    permission.beatSent(1n, 10);
    assert.equal(permission.echoed(1_000_000n), true);
    assert.equal(permission.untilMs, 10 + lasting);
  });
});

/** A primary that has sent segments 0, 1, … with one output each. */
class Primary {
  readonly role = new PrimaryRole(
    {
      generation: 1n,
      link: 1,
      outputsReleased: 0n,
      lastBeatSent: 7n,
      backupLiveAfterMs: liveAfterMs,
      peer: 'p',
      replication: 'replay',
      cost: { pauseMs: 0, copyMs: 0, sentBytes: 0 },
      identity: {
        ...{ build: 'b', accelerator: 'fake', replicaId: 'r', memoryBytes: 0n },
        ...{ replays: true, replication: 'auto' },
      },
      settings,
    },
    0,
  );

  constructor(segments: number, sentMs: number) {
    this.role.start();
    for (let at = 0; at < segments; at += 1) this.segment(at, sentMs);
  }

  segment(sequence: number, nowMs: number): void {
    const segment = {
      ...{ generation: 1n, sequence: BigInt(sequence), frame: Buffer.from('f') },
      ...{ runUntilTicks: 0n, virtualNs: 0n, outputsProduced: BigInt(sequence + 1), urgent: true },
    };
    this.role.handle({ type: 'segment', segment }, nowMs);
  }

  ack(sequence: number, nowMs: number): Action[] {
    const message: FromBackup = { kind: 'ack', generation: 1n, sequence: BigInt(sequence) };
    return this.role.handle({ type: 'message', link: 1, message }, nowMs);
  }

  /** The number of the heartbeat that it sent at a tick, if it sent one. */
  tick(nowMs: number): bigint | null {
    const beat = this.role
      .handle({ type: 'tick' }, nowMs)
      .find((action) => action.do === 'send-heartbeat');
    return beat?.counter ?? null;
  }

  echo(counter: bigint, echo: bigint, nowMs: number): Action[] {
    return this.role.handle({ type: 'heartbeat', generation: 1n, counter, echo, ageMs: 0 }, nowMs);
  }
}

function releases(actions: readonly Action[]): Extract<Action, { do: 'release-outputs' }>[] {
  return actions.flatMap((action) => (action.do === 'release-outputs' ? [action] : []));
}

describe('a primary that stood still', () => {
  it('gives outputs no longer than the backup’s silence lasts', () => {
    const primary = new Primary(2, 0);
    assert.deepEqual(releases(primary.ack(0, 3)), [
      { do: 'release-outputs', through: 1n, untilMs: lasting, tell: false },
    ]);
    assert.equal(primary.role.showsUntilMs, lasting);
    // It is stopped here for ten seconds; this lay in its socket.
    assert.deepEqual(releases(primary.ack(1, 10_000)), [
      { do: 'release-outputs', through: 2n, untilMs: lasting, tell: false },
    ]);
    assert.ok(primary.role.showsUntilMs < 10_000);
  });

  it('lets what waited go with the next segment that is acknowledged, though it has no output', () => {
    const primary = new Primary(2, 0);
    primary.ack(1, 500);
    primary.segment(2, 510);
    const [release] = releases(primary.ack(2, 512));
    assert.equal(release?.through, 3n);
    assert.equal(release.untilMs, 510 + lasting);
  });

  it('lets it go with an echo as well, when the guest is idle', () => {
    const primary = new Primary(1, 0);
    primary.ack(0, 500);
    const counter = primary.tick(505);
    assert.equal(counter, 8n, 'numbers go on from the join’s');
    const [release] = releases(primary.echo(1n, 8n, 506));
    assert.deepEqual([release?.through, release?.untilMs], [1n, 505 + lasting]);
    assert.deepEqual(releases(primary.echo(2n, 8n, 507)), [], 'the same echo permits nothing new');
  });

  it('is not permitted anything by an old echo that lay in its socket', () => {
    const primary = new Primary(1, 0);
    assert.equal(primary.tick(1), 8n);
    primary.ack(0, 10_000);
    for (const { untilMs } of releases(primary.echo(1n, 8n, 10_001))) assert.ok(untilMs < 100);
  });

  it('asks the machine, before it ends with the guest, whether the last words have left', () => {
    const primary = new Primary(1, 0);
    const stopped: Stopped = {
      ...{ reason: 'power-off', message: '', whatToDo: '' },
      position: { ticks: 0n, rip: 0n, rcx: 0n, registers: 0n, exits: 0n },
    };
    primary.role.handle({ type: 'stopped', stopped }, 400);
    const late = primary.ack(0, 401);
    assert.deepEqual(releases(late)[0]?.tell, true);
    assert.equal(primary.role.phase, 'draining');
    primary.role.handle({ type: 'outputs-left', through: 0n }, 401);
    assert.equal(primary.role.phase, 'draining', 'they had no permission');
    assert.equal(primary.tick(402), 8n);
    assert.deepEqual(releases(primary.echo(1n, 8n, 403))[0]?.untilMs, 402 + lasting);
    const end = primary.role.handle({ type: 'outputs-left', through: 1n }, 403);
    assert.ok(end.some((action) => action.do === 'end'));
  });
});
