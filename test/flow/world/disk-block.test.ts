import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { limits } from '../../../src/base/limits.js';
import { block, mib, refused, withDisk } from './opened-disks.js';

const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

/** Its standard output; null when it failed. */
function run(program: string, ...words: string[]): string | null {
  const result = spawnSync(program, words, {
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  });
  return result.status === 0 ? result.stdout.trim() : null;
}

void describe('a block device as a disk', () => {
  let folder = '';
  let device: string | null = null;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'vmft-block-'));
    const fd = openSync(join(folder, 'image'), 'w');
    ftruncateSync(fd, 16 * mib);
    closeSync(fd);
    device = run('losetup', '--find', '--show', join(folder, 'image'));
  });
  after(() => {
    if (device !== null) run('losetup', '--detach', device);
    rmSync(folder, { recursive: true });
  });

  for (const holding of ['shared', 'private'] as const) {
    void it(`reads what was written, ${holding}`, async (context) => {
      if (device === null) {
        context.skip('no loop device can be made here');
        return;
      }
      await withDisk(device, { holding }, async (disk) => {
        assert.equal(disk.kind, 'block');
        assert.equal(disk.capacityBytes, BigInt(16 * mib - limits.diskReservedBytes));
        const data = Buffer.alloc(mib, 'vmft');
        await disk.writeRange(BigInt(mib), data);
        await disk.flush();
        assert.deepEqual(await disk.readRange(BigInt(mib), mib), data);
        await disk.clear();
        assert.deepEqual(await disk.readRange(BigInt(mib), mib), Buffer.alloc(mib));
        const reserved = await disk.readReserved(0);
        const mine = block(disk, `{"vmftDisk":1,"n":"${holding}"}`);
        assert.equal(await disk.compareAndWrite(0, reserved, mine), true);
        await refused(disk.url, 'disk-in-use', /in use by another process/, { holding });
      });
    });
  }

  void it('is refused while this host has it mounted, or may only read it', async (context) => {
    if (device === null) {
      context.skip('no loop device can be made here');
      return;
    }
    const mountPoint = join(folder, 'mounted');
    const mounted =
      run('mkfs.ext4', '-q', '-b', '4096', device, '2048') !== null &&
      run('mkdir', mountPoint) !== null &&
      run('mount', device, mountPoint) !== null;
    if (mounted) {
      await refused(device, 'disk-in-use', /mounted/);
      run('umount', mountPoint);
    }
    run('blockdev', '--setro', device);
    await refused(device, 'disk-unusable', /read-only|no permission/);
    await withDisk(device, { readOnly: true }, async (disk) => {
      assert.ok(disk.readOnly);
      assert.equal((await disk.readReserved(0)).length, disk.blockBytes);
    });
    run('blockdev', '--setrw', device);
  });
});
