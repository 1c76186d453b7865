import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { exitStatusByCode } from '../../../src/base/errors.js';
import { ReplicaChild } from './replica-child.js';
import type { FromReplica, ReplicaOrder } from './replica-process.js';

/** Slow machines run these tests too: suspicion may not come by accident. */
const settings = { suspectAfterMs: 600, suspectAfterBrokenChannelMs: 300 };

let directory = '';
let children: ReplicaChild[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vmft-pair-'));
  children = [];
});

afterEach(async () => {
  for (const child of children) child.signal('SIGKILL');
  await Promise.all(children.map((child) => child.exited));
  rmSync(directory, { recursive: true, force: true });
});

function child(
  order: Partial<ReplicaOrder> & Pick<ReplicaOrder, 'role' | 'address'>,
): ReplicaChild {
  const made = new ReplicaChild({ arbiter: `file:${directory}`, settings, ...order });
  children.push(made);
  return made;
}

async function startPrimary(): Promise<{ primary: ReplicaChild; address: string }> {
  const primary = child({ role: 'primary', address: '127.0.0.1:0' });
  const listening = await primary.untilEvent('listening');
  const { address } = JSON.parse((listening as { detail: string }).detail) as { address: string };
  return { primary, address };
}

async function formPair(): Promise<{ primary: ReplicaChild; backup: ReplicaChild }> {
  const { primary, address } = await startPrimary();
  const backup = child({ role: 'backup', address });
  await Promise.all([primary.untilEvent('formed'), backup.untilEvent('formed')]);
  return { primary, backup };
}

const answers = (id: number) => (message: FromReplica) =>
  'content' in message && message.content === `answer ${id} ${id}`;

/** Both outputs together are those of one machine: no number has two contents, none is missing. */
function assertOneRun(...replicas: ReplicaChild[]): void {
  const contents = new Map<number, string>();
  let highest = 0;
  for (const { output, content } of replicas.flatMap((replica) => replica.outputs())) {
    assert.equal(contents.get(output) ?? content, content, `output ${output}`);
    contents.set(output, content);
    highest = Math.max(highest, output);
  }
  assert.equal(contents.size, highest);
}

describe('a pair over loopback', () => {
  it('survives the primary: the backup goes live once and answers on', async () => {
    const { primary, backup } = await formPair();
    for (let id = 1; id <= 3; id += 1) {
      for (const replica of [primary, backup]) replica.send({ request: id });
      await primary.until(`answer ${id}`, answers(id));
    }
    primary.signal('SIGKILL');
    await backup.untilEvent('live');
    assert.equal(backup.outputs().filter(({ output }) => output === 1).length, 0);
    backup.send({ request: 4 });
    await backup.until('answer 4', answers(4));
    assertOneRun(primary, backup);
    assert.equal(backup.events('live').length, 1);
    assert.equal(readdirSync(directory).filter((name) => name.endsWith('.1.taken')).length, 1);
  });

  it('survives the backup: the primary wins and goes on alone, and takes another', async () => {
    const { primary, backup } = await formPair();
    backup.signal('SIGKILL');
    await primary.untilEvent('backup-lost');
    primary.send({ request: 1 });
    await primary.until('answer 1', answers(1));
    const listening = primary.events('listening')[0];
    const { address } = JSON.parse(listening?.detail ?? '{}') as { address: string };
    const second = child({ role: 'backup', address });
    await second.untilEvent('formed');
    primary.signal('SIGKILL');
    await second.untilEvent('live');
    second.send({ request: 2 });
    await second.until('answer 2', answers(2));
    assertOneRun(primary, second);
  });

  it('a stopped primary that wakes after the failover shows nothing new and ends', async () => {
    const { primary, backup } = await formPair();
    primary.signal('SIGSTOP');
    await backup.untilEvent('live');
    backup.send({ request: 1 });
    await backup.until('answer 1', answers(1));
    primary.signal('SIGCONT');
    assert.equal(await primary.exited, exitStatusByCode['arbitration-lost']);
    assertOneRun(primary, backup);
    assert.equal(primary.events('backup-lost').length, 0);
  });

  it('ends in order with the guest, on both sides', async () => {
    const { primary, backup } = await formPair();
    primary.send({ powerOff: true });
    assert.equal(await primary.exited, 0);
    assert.equal(await backup.exited, 0);
    assert.equal(backup.events('suspected').length, 0);
    assert.equal(readdirSync(directory).filter((name) => name.endsWith('.taken')).length, 0);
  });

  it('discards a backup that diverged', async () => {
    const { primary, backup } = await formPair();
    backup.send({ diverge: true });
    assert.equal(await backup.exited, exitStatusByCode.divergence);
    await primary.untilEvent('backup-lost');
    assert.equal(primary.events('diverged').length, 1);
  });

  it('refuses a second backup, another build and another storage', async () => {
    const { primary, address } = await startPrimary();
    const other = child({ role: 'backup', address, build: 'other' });
    assert.equal(await other.exited, exitStatusByCode['peer-refused']);
    const elsewhere = mkdtempSync(join(tmpdir(), 'vmft-elsewhere-'));
    const blind = child({ role: 'backup', address, arbiter: `file:${elsewhere}` });
    assert.equal(await blind.exited, exitStatusByCode['arbiter-not-shared']);
    rmSync(elsewhere, { recursive: true });
    const backup = child({ role: 'backup', address });
    await backup.untilEvent('formed');
    const second = child({ role: 'backup', address });
    assert.equal(await second.exited, exitStatusByCode['peer-refused']);
    assert.equal(primary.events('suspected').length, 0);
  });

  it('says that nobody is there', async () => {
    const backup = child({ role: 'backup', address: '127.0.0.1:1' });
    assert.equal(await backup.exited, exitStatusByCode['peer-unreachable']);
  });
});
