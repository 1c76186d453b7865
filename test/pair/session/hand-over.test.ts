import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { VmftError } from '../../../src/base/errors.js';
import type { PairSettings } from '../../../src/base/limits.js';
import type { ReplicationChoice } from '../../../src/pair/role/replication-choice.js';
import { joinAsBackup } from '../../../src/pair/session/join-as-backup.js';
import { runPrimary } from '../../../src/pair/session/run-primary.js';
import type { Session } from '../../../src/pair/session/session.js';
import { exampleGuest } from '../../flow/log/example-guest.js';
import { TwoHosts } from './two-hosts.js';

/** Real channels, real storage, fake machines. */
let hosts: TwoHosts;

beforeEach(async () => {
  hosts = await TwoHosts.open('handed-over');
});

afterEach(() => hosts.close());

async function formPair(
  replication: ReplicationChoice = 'auto',
  settings: Partial<PairSettings> = {},
): Promise<{ primary: Session; backup: Session }> {
  const primary = await startPrimary(replication, settings);
  const { listening } = primary.status();
  assert.ok(listening !== null);
  const backup = await joinAsBackup({
    ...hosts.backupSide.options,
    ...{ primary: listening, arbiter: hosts.arbiter, memoryBytesMax: null, listen: null },
  });
  hosts.sessions.push(backup);
  await Promise.all([hosts.primarySide.until('formed'), hosts.backupSide.until('formed')]);
  return { primary, backup };
}

async function startPrimary(
  replication: ReplicationChoice = 'auto',
  settings: Partial<PairSettings> = {},
): Promise<Session> {
  const { options } = hosts.primarySide;
  const primary = await runPrimary({
    ...options,
    ...{ guest: exampleGuest, arbiter: hosts.arbiter, recordTo: null, replication },
    settings: { ...options.settings, ...settings },
    listen: { host: '127.0.0.1', port: 0 },
  });
  hosts.sessions.push(primary);
  return primary;
}

async function answered(side: TwoHosts['primarySide'], request: number): Promise<void> {
  side.machine?.request(request);
  while (!side.outputs.includes(`answer ${request} ${request}`)) await tick();
}

function taken(): number {
  return readdirSync(hosts.directory).filter((name) => name.endsWith('.taken')).length;
}

for (const replication of ['replay', 'checkpoint'] as const) {
  describe(`a primary that replicates by ${replication} and is asked to hand over`, () => {
    it('gives the machine to its backup, which goes live at once with all that was answered', async () => {
      const { primary, backup } = await formPair(replication);
      await answered(hosts.primarySide, 1);
      const beganMs = performance.now();
      const handedOver = primary.handOver();
      const { goLiveMs } = await hosts.backupSide.until('live');
      await handedOver;
      assert.ok(performance.now() - beganMs < 5_000);
      assert.ok(goLiveMs < 2_000, `${goLiveMs} ms`);
      const end = await primary.ended;
      assert.deepEqual([end.reason, end.exitStatus, end.error], ['handed-over', 0, null]);
      assert.equal(backup.status().role, 'alone');
      assert.equal(taken(), 1);
      const shown = hosts.primarySide.outputs.length;
      await answered(hosts.backupSide, 2);
      assert.equal(hosts.primarySide.outputs.length, shown, 'it shows nothing any more');
      const suspected = hosts.backupSide.events.filter(({ type }) => type === 'suspected');
      assert.deepEqual(suspected, []);
    });
  });
}

describe('a hand-over', () => {
  it('is refused without a backup, by a backup, and while there is another', async () => {
    const alone = await startPrimary();
    await assert.rejects(alone.handOver(), { code: 'wrong-mode', message: /no backup/ });
    alone.stop('for a pair');
    await alone.ended;
    hosts.primarySide.events.length = 0;
    const { primary, backup } = await formPair();
    await assert.rejects(backup.handOver(), { code: 'wrong-mode' });
    const first = primary.handOver();
    await assert.rejects(primary.handOver(), { code: 'wrong-mode', message: /under way/ });
    await first;
    await primary.ended;
    await assert.rejects(primary.handOver(), { code: 'wrong-mode', message: /has ended/ });
  });

  it('is given up when the backup is slow to acknowledge, and the guest runs on', async () => {
    const { primary } = await formPair('auto', { handOverMs: 60 });
    const { machine } = hosts.backupSide;
    assert.ok(machine !== null);
    // It takes no frame in for a while: nothing is acknowledged.
    const feed = machine.feed.bind(machine);
    const held: Buffer[] = [];
    machine.feed = (frame) => {
      held.push(frame);
      throw new VmftError('frame-corrupt', 'held by the test');
    };
    await assert.rejects(primary.handOver(), { code: 'peer-lost' });
    machine.feed = feed;
    await hosts.primarySide.until('backup-lost');
    assert.equal(primary.status().role, 'alone');
    await answered(hosts.primarySide, 1);
  });

  it('leaves the machine here when the backup dies before it has the flag', async () => {
    const { primary, backup } = await formPair();
    const testAndSet = hosts.arbiter.testAndSet.bind(hosts.arbiter);
    hosts.arbiter.testAndSet = (flag) => {
      if (flag.replicaId !== backup.replicaId) return testAndSet(flag);
      backup.stop('killed');
      return new Promise(() => undefined);
    };
    await assert.rejects(primary.handOver(), { code: 'peer-lost' });
    assert.equal(primary.status().role, 'alone');
    assert.equal(hosts.primarySide.machine?.mode, 'live');
    await answered(hosts.primarySide, 1);
    assert.equal(taken(), 1);
    assert.equal((await hosts.primarySide.until('hand-over-failed')).generation, 1n);
  });

  it('is done when the primary dies behind its last message, or before the backup has read it', async () => {
    const { primary } = await formPair();
    void primary.handOver().catch(() => undefined);
    while (hosts.primarySide.machine?.mode === 'live') await tick();
    primary.stop('killed');
    await hosts.backupSide.until('live');
    await answered(hosts.backupSide, 1);
  });

  it('fails when the guest ends meanwhile, on both sides in order', async () => {
    const { primary, backup } = await formPair();
    const { machine } = hosts.primarySide;
    assert.ok(machine !== null);
    machine.pauseNow = () => undefined;
    machine.pause = () => new Promise(() => undefined);
    const handedOver = primary.handOver();
    primary.powerOff('power-off');
    await assert.rejects(handedOver, { code: 'peer-lost', message: /the guest ended/ });
    assert.equal((await primary.ended).reason, 'power-off');
    assert.equal((await backup.ended).reason, 'power-off');
    assert.equal(taken(), 0);
  });
});

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}
