import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { pairNotice } from '../../../src/cli/pair-notice.js';
import type { PairSettings } from '../../../src/base/limits.js';
import type { ReplicationChoice } from '../../../src/pair/role/replication-choice.js';
import { joinAndRebuild } from '../../../src/pair/session/rejoin-after-divergence.js';
import { runPrimary } from '../../../src/pair/session/run-primary.js';
import type { Session } from '../../../src/pair/session/session.js';
import { exampleGuest } from '../../flow/log/example-guest.js';
import type { FakeMachine } from '../../flow/machine/fake-machine.js';
import type { InProcess } from './in-process.js';
import { TwoHosts } from './two-hosts.js';

/** Real channels, real storage, fake machines; a flipped bit is the divergence. */
let hosts: TwoHosts;

beforeEach(async () => {
  hosts = await TwoHosts.open('rebuilt');
});

afterEach(() => hosts.close());

async function formPair(
  settings: Partial<PairSettings> = {},
  replication: ReplicationChoice = 'auto',
): Promise<{ primary: Session; backup: Session }> {
  const primary = await runPrimary({
    ...hosts.primarySide.options,
    ...{ guest: exampleGuest, arbiter: hosts.arbiter, recordTo: null, replication },
    listen: { host: '127.0.0.1', port: 0 },
  });
  hosts.sessions.push(primary);
  const { listening } = primary.status();
  assert.ok(listening !== null);
  const backup = await joinAndRebuild({
    ...hosts.backupSide.options,
    ...{ primary: listening, arbiter: hosts.arbiter, memoryBytesMax: null },
    settings: { ...hosts.backupSide.options.settings, rebuildDelayMs: 5, ...settings },
    listen: { host: '127.0.0.1', port: 0 },
  });
  hosts.sessions.push(backup);
  await formed(1);
  return { primary, backup };
}

/** Both sides have formed this many pairs. */
async function formed(pairs: number): Promise<void> {
  const count = (side: InProcess): number =>
    side.events.filter(({ type }) => type === 'formed').length;
  await until(() => count(hosts.primarySide) >= pairs && count(hosts.backupSide) >= pairs);
}

async function until(fits: () => boolean): Promise<void> {
  const seen = (side: InProcess): string => side.events.map(({ type }) => type).join();
  for (let tries = 0; !fits(); tries += 1) {
    assert.ok(tries < 4_000, `${seen(hosts.primarySide)} | ${seen(hosts.backupSide)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function replica(): FakeMachine {
  assert.ok(hosts.backupSide.machine !== null);
  return hosts.backupSide.machine;
}

function diverge(): void {
  replica().state.hash ^= 1;
}

describe('a backup whose replica diverges', () => {
  it('is rebuilt, counted, and takes over when the primary dies', async () => {
    const { primary, backup } = await formPair();
    const { listening } = backup.status();
    assert.equal(backup.status().divergences, 0);
    const first = replica();
    const firstId = backup.replicaId;
    diverge();
    await formed(2);
    assert.notEqual(replica(), first);
    assert.ok(first.closed, 'its memory and tap are given back');
    const { role, generation, divergences, listening: listeningNow } = backup.status();
    assert.deepEqual([role, generation, divergences], ['backup', 2n, 1]);
    assert.deepEqual(listeningNow, listening);
    assert.notEqual(backup.replicaId, firstId);
    const rebuilding = await hosts.backupSide.until('rebuilding');
    assert.equal(rebuilding.generation, 1n);
    assert.match(rebuilding.what, /digest at tick \d+/);
    assert.match(
      pairNotice(rebuilding, true) ?? '',
      /^this replica diverged \(tick \d+\); rebuilding it, the 1st time$/,
    );
    assert.equal((await hosts.primarySide.until('diverged')).what, rebuilding.what);

    primary.stop('killed');
    await hosts.backupSide.until('live');
    replica().request(1);
    await until(() => hosts.backupSide.outputs.includes('answer 1 1'));
    assert.equal(hosts.backupSide.events.filter(({ type }) => type === 'ended').length, 0);
    const times = hosts.backupSide.events.map(({ atMs }) => atMs);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
  });

  it('is rebuilt as well when it missed a position', async () => {
    const { backup } = await formPair();
    replica().fail('position-missed', 'past it');
    await formed(2);
    assert.equal((await hosts.primarySide.until('diverged')).what, 'past it');
    assert.equal(backup.status().divergences, 1);
  });

  it('is not rebuilt when the counter was lost', async () => {
    const { backup } = await formPair();
    replica().fail('counter-lost', 'it is shared');
    assert.equal((await backup.ended).reason, 'counter-lost');
    assert.equal(backup.status().divergences, 0);
  });

  it('asks for checkpoints when it happens often, and says so', async () => {
    const { primary, backup } = await formPair({ divergencesMax: 1 });
    assert.equal(backup.status().replication, 'replay');
    diverge();
    await formed(2);
    diverge();
    await formed(3);
    const given = await hosts.backupSide.until('replay-given-up');
    assert.equal(given.divergences, 2);
    assert.match(pairNotice(given, true) ?? '', /diverges too often \(2 times\)/);
    assert.equal(backup.status().replication, 'checkpoint');
    assert.equal(primary.status().replication, 'checkpoint');
    const joins = hosts.primarySide.events.filter((event) => event.type === 'joining');
    assert.deepEqual(
      joins.map(({ replication, why }) => `${replication}: ${why}`),
      [
        'replay: both hosts’ positions are exact',
        'replay: both hosts’ positions are exact',
        'checkpoint: the backup does not replay',
      ],
    );
    primary.stop('killed');
    await hosts.backupSide.until('live');
    replica().request(1);
    await until(() => hosts.backupSide.outputs.includes('answer 1 1'));
  });

  it('ends with 49 when it happens often and the primary replicates by replay only', async () => {
    const { primary, backup } = await formPair(
      { divergencesMax: 2, rebuildPatienceMs: 1_000 },
      'replay',
    );
    diverge();
    await formed(2);
    diverge();
    await formed(3);
    diverge();
    const end = await backup.ended;
    assert.equal(end.exitStatus, 49);
    assert.match(
      end.message,
      /^this guest diverges often here: 3 times within 10 min, last at tick \d+; .* by replay only/,
    );
    assert.equal(end.error?.whatToDo, 'start the primary with --replication auto or checkpoint');
    assert.equal(backup.status().divergences, 3);
    const ends = hosts.backupSide.events.flatMap((event) =>
      event.type === 'ended' ? [event.end] : [],
    );
    assert.deepEqual(ends, [end]);
    await until(() => primary.status().role === 'alone');
  });

  it('goes on when the divergences lie far apart', async () => {
    const { backup } = await formPair({ divergencesMax: 1, divergenceWindowMs: 1 });
    for (let pairs = 2; pairs <= 4; pairs += 1) {
      diverge();
      await formed(pairs);
    }
    assert.equal(backup.status().divergences, 3);
  });

  it('ends with the error of the join when the primary is gone meanwhile', async () => {
    const { primary, backup } = await formPair({ rebuildDelayMs: 300, rebuildPatienceMs: 1_500 });
    diverge();
    await hosts.backupSide.until('rebuilding');
    primary.stop('killed');
    await primary.ended;
    assert.deepEqual([backup.status().role, backup.status().phase], ['none', 'rebuilding']);
    const end = await backup.ended;
    assert.equal(end.reason, 'peer-unreachable');
    assert.equal(end.exitStatus, 40);
    assert.match(end.message, /^this replica diverged and could not be rebuilt: cannot reach/);
    const tried = hosts.backupSide.events.filter(({ type }) => type === 'rebuild-delayed');
    assert.ok(tried.length >= 1);
    assert.equal(hosts.backupSide.events.at(-1)?.type, 'ended');
  });

  it('waits for a primary that is still on its way to being alone', async () => {
    const { backup } = await formPair();
    const testAndSet = hosts.arbiter.testAndSet.bind(hosts.arbiter);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    hosts.arbiter.testAndSet = async (flag) => {
      await held;
      return testAndSet(flag);
    };
    diverge();
    const delayed = await hosts.backupSide.until('rebuild-delayed');
    assert.equal(delayed.error.code, 'peer-refused');
    release();
    await formed(2);
    assert.equal(backup.status().divergences, 1);
    assert.equal(hosts.backupSide.events.filter(({ type }) => type === 'ended').length, 0);
  });

  it('ends at once when it is stopped while it waits', async () => {
    const { backup } = await formPair({ rebuildDelayMs: 60_000, rebuildDelayMaxMs: 60_000 });
    diverge();
    await hosts.backupSide.until('rebuilding');
    await until(() => replica().closed);
    backup.stop('stopped by SIGTERM');
    const end = await backup.ended;
    assert.equal(end.reason, 'stopped');
    assert.equal(end.message, 'stopped by SIGTERM');
    assert.equal(hosts.backupSide.events.filter(({ type }) => type === 'ended').length, 1);
  });

  it('ends when it is stopped while the old session closes', async () => {
    const { backup } = await formPair();
    diverge();
    await hosts.backupSide.until('rebuilding');
    backup.stop('stopped by SIGTERM');
    assert.equal((await backup.ended).reason, 'stopped');
    assert.equal(hosts.backupSide.events.filter(({ type }) => type === 'formed').length, 1);
  });
});
