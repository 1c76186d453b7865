import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { exitStatusByCode, type ErrorCode } from '../../src/base/errors.js';
import type { VmftError } from '../../src/base/errors.js';
import { ControlledReplica } from './controlled-replica.js';
import { vmft, type Outcome } from './vmft.js';

let folder = '';
const file = (name: string): string => join(folder, name);
const replicas: ControlledReplica[] = [];

async function start(name: string, ...options: string[]): Promise<ControlledReplica> {
  const replica = await ControlledReplica.start(file(name), options);
  replicas.push(replica);
  return replica;
}

/** Into a machine that runs: before that nobody takes it. */
async function type(replica: ControlledReplica, text: string): Promise<void> {
  while ((await replica.client.status()).role === 'none') await delay(20);
  const link = replica.client.console({ output: () => undefined, ended: () => undefined });
  link.input(Buffer.from(text));
}

function refused(outcome: Outcome, code: ErrorCode, what: RegExp): void {
  assert.equal(outcome.status, exitStatusByCode[code], outcome.stderr);
  const lines = outcome.stderr.trimEnd().split('\n');
  assert.equal(lines.length, 1, outcome.stderr);
  assert.match(outcome.stderr, what);
}

void describe('vmft snapshot, and run --restore', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'vmft-snapshots-'));
  });
  after(() => {
    for (const replica of replicas) replica.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a guest goes on in another process from where the file has it', async () => {
    const original = await start('original', 'run', 'echo', '--memory', '32M');
    await original.shows('ready');
    await type(original, 'before\n');
    await original.shows('6 bytes');
    await original.client.control({ kind: 'cpu-share', permille: 500 });
    while ((await original.client.status()).cpuSharePermille !== 500) continue;
    const taken = vmft(['snapshot', file('original'), file('guest')]);
    assert.equal(taken.status, 0, taken.stderr);
    assert.match(
      taken.stdout,
      /the guest paused \d+ ms\ndigest: state [0-9a-f]{16}, memory [0-9a-f]{16}/,
    );
    await type(original, 'afterwards\n');
    await original.shows('10 bytes');
    const { ticks } = await original.client.status();

    // Digests are compared by restoring; a second one begins at the same place.
    for (const name of ['first', 'second']) {
      const restored = await start(name, 'run', '--restore', file('guest'));
      await type(restored, `${name} again\n`);
      await restored.shows(`${name.length + 6} bytes`);
      const status = await restored.client.status();
      assert.equal(restored.seen.shown.includes('ready'), false);
      assert.equal(status.memoryBytes, 32 << 20);
      assert.equal(status.cpuSharePermille, 500);
      assert.ok(status.ticks > 0n && status.ticks < 2n * ticks);
      await restored.client.control({ kind: 'power-off' });
      assert.equal(await restored.ended(), 0);
    }
    const path = file('taken');
    const socket = file('original');
    refused(
      vmft(['snapshot', socket, file('nowhere/file')]),
      'snapshot-write-failed',
      /no such directory/,
    );
    refused(vmft(['snapshot', file('no-socket'), path]), 'peer-unreachable', /ENOENT/);
    assert.equal(existsSync(path), false);
    original.kill();
  });

  test('a snapshot is refused in one line where it does not fit', () => {
    const path = file('guest');
    const run = (...options: string[]): Outcome => vmft(['run', '--restore', path, ...options]);
    refused(run('--memory', '64M'), 'snapshot-mismatch', /32M of memory, and --memory says 64M/);
    refused(
      run('--accel', 'kvm'),
      'snapshot-mismatch',
      /accelerator soft, and the accelerator is kvm/,
    );
    refused(run('--net', 'tap=none'), 'snapshot-mismatch', /without a network device/);
    refused(run('--record', file('log')), 'usage', /cannot be combined/);
    refused(vmft(['run', '--restore', file('nowhere')]), 'snapshot-unreadable', /no such file/);
    refused(vmft(['run', '--restore', file('.')]), 'snapshot-unreadable', /is not a snapshot/);
    const disk = file('disk');
    assert.equal(vmft(['disk', 'create', disk, '2M']).status, 0);
    const before = readFileSync(disk);
    const fresh = run('--disk', disk);
    assert.equal(fresh.status, exitStatusByCode['snapshot-mismatch'], fresh.stderr);
    assert.match(fresh.stderr, /a guest with 0 disks, and --disk names 1/);
    assert.deepEqual(readFileSync(disk).subarray(0, 1 << 20), before.subarray(0, 1 << 20));
    assert.match(vmft(['disk', 'show', disk]).stdout, /reservation +free/);

    const good = readFileSync(path);
    const bad = file('bad');
    const runBad = (bytes: Buffer): Outcome => {
      writeFileSync(bad, bytes);
      return vmft(['run', '--restore', bad]);
    };
    refused(runBad(good.subarray(0, good.length >> 1)), 'image-corrupt', /the file was cut/);
    const altered = Buffer.from(good);
    altered.writeUInt8(altered.readUInt8(good.length >> 1) ^ 1, good.length >> 1);
    refused(runBad(altered), 'image-corrupt', /is damaged/);
    altered.writeUInt32LE(7, 8);
    refused(runBad(altered), 'image-version', /version 7; this vmft reads version 1/);
  });

  test('of Linux while it works: its shell, and what it was at, go on', async () => {
    const original = await start('linux', 'run', 'debian');
    await original.shows('/ # ');
    const work = 'while :; do dd if=/dev/urandom of=/tmp/x bs=1M count=4; done 2>/dev/null &';
    await type(original, `kept=$((6 * 7)); ${work} sleep 1; echo works-$((1 + 1))\n`);
    await original.shows('works-2');
    const { pauseMs } = await original.client.snapshot(file('linux-guest'), () => undefined);
    assert.ok(pauseMs < 5_000, `paused ${pauseMs} ms`);
    await type(original, 'echo goes on-$kept\n');
    await original.shows('goes on-42');
    await original.client.leave('enough');
    const restored = await start('linux-again', 'run', '--restore', file('linux-guest'));
    await type(restored, 'echo restored-$kept; jobs; poweroff -f\n');
    await restored.shows('restored-42');
    assert.equal(await restored.ended(), 0);
    assert.match(restored.seen.shown, /Running/);
  });

  test('of a protected primary too, whose backup goes on following; not of a backup', async () => {
    const common = ['--arbiter', `file:${file('flags')}`, '--suspect-after', '5000'];
    const listen = ['--memory', '32M', '--listen', '127.0.0.1:0'];
    const primary = await start('primary', 'run', 'echo', ...listen, ...common);
    await primary.shows('ready');
    const { address } = await primary.event('listening');
    const backup = await start('backup', 'backup', String(address), ...common);
    await backup.event('formed');
    for (let round = 0; round < 3; round += 1) {
      await type(primary, 'x'.repeat(round + 10) + '\n');
      const { stateDigest } = await primary.client.snapshot(file(`pair-${round}`), () => undefined);
      assert.notEqual(stateDigest, 0n);
      await primary.shows(`${round + 10} bytes`);
    }
    await assert.rejects(
      backup.client.snapshot(file('of-the-backup'), () => undefined),
      (error: VmftError) => error.code === 'wrong-mode',
    );
    await assert.rejects(
      primary.client.snapshot('relative', () => undefined),
      (error: VmftError) => error.code === 'usage',
    );
    await primary.client.leave('the host is taken out');
    await backup.event('live');
    const types = [...primary.seen.types(), ...backup.seen.types()];
    assert.equal(types.includes('diverged'), false);
    await type(backup, 'still there\n');
    await backup.shows('11 bytes');
    const restored = await start('restored', 'run', '--restore', file('pair-1'));
    await type(restored, 'and here\n');
    await restored.shows('8 bytes');
  });
});
