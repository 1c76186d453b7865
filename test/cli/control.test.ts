import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { exitStatusByCode, VmftError } from '../../src/base/errors.js';
import { ControlledReplica } from './controlled-replica.js';
import { vmft } from './vmft.js';

let folder = '';
let pairs = 0;
const replicas: ControlledReplica[] = [];

async function start(name: string, ...options: string[]): Promise<ControlledReplica> {
  const replica = await ControlledReplica.start(join(folder, name), options);
  replicas.push(replica);
  return replica;
}

interface Pair {
  readonly primary: ControlledReplica;
  readonly backup: ControlledReplica;
  readonly flags: string;
}

/** A guest that echoes lines, on two replicas. */
async function pair(): Promise<Pair> {
  pairs += 1;
  const flags = join(folder, `flags-${pairs}`);
  const common = ['--arbiter', `file:${flags}`, '--suspect-after', '5000'];
  const listen = ['--memory', '32M', '--listen', '127.0.0.1:0'];
  const primary = await start(`primary-${pairs}`, 'run', 'echo', ...listen, ...common);
  await primary.shows('ready');
  const { address } = await primary.event('listening');
  const backup = await start(`backup-${pairs}`, 'backup', String(address), ...common);
  await backup.event('formed');
  return { primary, backup, flags };
}

function taken(flags: string): string[] {
  return readdirSync(flags).filter((name) => name.endsWith('.taken'));
}

void describe('a replica without a terminal, by its control socket', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'vmft-control-'));
  });
  after(() => {
    for (const replica of replicas) replica.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  test('tells its status, takes what is typed, and ends when told', async () => {
    const replica = await start('alone', 'run', 'echo', '--memory', '32M', '--machine-id', 'one');
    await replica.shows('ready');
    replica.client
      .console({ output: () => undefined, ended: () => undefined })
      .input(Buffer.from('abc\n'));
    await replica.shows('3 bytes');
    const status = await replica.client.status();
    const { machineId, role, memoryBytes, processId, cpuSharePermille } = status;
    assert.deepEqual(
      { machineId, role, memoryBytes, processId, cpuSharePermille },
      {
        machineId: 'one',
        role: 'alone',
        memoryBytes: 32 * 2 ** 20,
        processId: replica.processId,
        cpuSharePermille: 1000,
      },
    );
    const refused = vmft(['run', 'echo', '--control', join(folder, 'alone')]);
    assert.equal(refused.status, exitStatusByCode['address-unavailable'], refused.stderr);
    await replica.client.leave('enough');
    const { end } = (await replica.event('ended')) as { end: { message: string } };
    assert.equal(end.message, 'enough');
    assert.equal(await replica.ended(), exitStatusByCode.stopped);
    assert.equal(existsSync(join(folder, 'alone')), false);
  });

  for (const [kind, status] of [
    ['power-off', 0],
    ['reset', exitStatusByCode['guest-reset']],
  ] as const) {
    test(`${kind} of a pair ends both in order, whatever it is at`, async () => {
      for (let round = 0; round < 2; round += 1) {
        const { primary, backup, flags } = await pair();
        const console = primary.client.console({ output: () => undefined, ended: () => undefined });
        const moment = Math.random() * 100;
        for (let line = 0; line < 20; line += 1) console.input(Buffer.from(`line ${line}\n`));
        await delay(moment);
        await primary.client.control({ kind });
        const where = `after ${moment} ms`;
        assert.equal(await primary.ended(), status, where);
        assert.equal(await backup.ended(), status, where);
        const types = [...primary.seen.types(), ...backup.seen.types()];
        assert.deepEqual(
          types.filter((type) => ['suspected', 'live', 'backup-lost'].includes(type)),
          [],
          where,
        );
        assert.deepEqual(taken(flags), [], `${where}: nobody had to arbitrate`);
      }
    });
  }

  test('a CPU share outlives the primary; a backup takes no control input', async () => {
    const { primary, backup, flags } = await pair();
    await primary.client.control({ kind: 'cpu-share', permille: 300 });
    for (const kind of ['power-off', 'reset'] as const) {
      await assert.rejects(
        backup.client.control({ kind }),
        (error: VmftError) => error.code === 'wrong-mode' && error.message.includes('is a backup'),
      );
    }
    while ((await backup.client.status()).cpuSharePermille !== 300) await delay(20);
    await primary.client.leave('the host is taken out');
    await backup.event('live');
    const { role, cpuSharePermille } = await backup.client.status();
    assert.deepEqual({ role, cpuSharePermille }, { role: 'alone', cpuSharePermille: 300 });
    assert.equal(taken(flags).length, 1);
    await backup.client.control({ kind: 'power-off' });
    assert.equal(await backup.ended(), 0);
  });
});
