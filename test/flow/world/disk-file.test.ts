import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import type { VmftError } from '../../../src/base/errors.js';
import { limits } from '../../../src/base/limits.js';
import { block, diskOptions, mib, open, refused, withDisk } from './opened-disks.js';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'vmft-disk-'));
});
after(() => {
  rmSync(folder, { recursive: true });
});

/** A sparse image of that size. */
function image(name: string, bytes: number): string {
  const path = join(folder, name);
  const fd = openSync(path, 'w');
  ftruncateSync(fd, bytes);
  closeSync(fd);
  return path;
}

function poke(path: string, offset: number, text: string): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, text, offset);
  closeSync(fd);
}

void describe('a file as a disk', () => {
  for (const holding of ['shared', 'private'] as const) {
    void it(`reads what was written, ${holding}`, async () => {
      const path = image(`rw-${holding}`, 8 * mib);
      await withDisk(`file:${path}`, { holding }, async (disk) => {
        assert.equal(disk.kind, 'file');
        assert.equal(disk.url, `file:${path}`);
        assert.equal(disk.capacityBytes, BigInt(8 * mib - limits.diskReservedBytes));
        assert.equal(disk.trouble(), '');
        const data = Buffer.alloc(mib, 'vmft');
        await disk.writeRange(4096n, data);
        await disk.flush();
        assert.deepEqual(await disk.readRange(4096n, mib), data);
        assert.deepEqual(await disk.readRange(0n, 4096), Buffer.alloc(4096));
        assert.deepEqual(await disk.nextData(0n), { offset: 4096n, bytes: BigInt(mib) });
        assert.equal(await disk.nextData(BigInt(mib + 8192)), null);
        await disk.clear();
        assert.deepEqual(await disk.readRange(4096n, mib), Buffer.alloc(mib));
        assert.equal(await disk.nextData(0n), null);
      });
    });
  }

  void it('takes only whole blocks within it', async () => {
    await withDisk(image('blocks', 2 * mib), {}, async (disk) => {
      const bad = async (operation: Promise<unknown>): Promise<void> => {
        await assert.rejects(operation, { code: 'bad-argument' });
      };
      await bad(disk.readRange(1n, disk.blockBytes));
      await bad(disk.readRange(0n, 1));
      await bad(disk.readRange(disk.capacityBytes, disk.blockBytes));
      await bad(disk.writeRange(disk.capacityBytes, Buffer.alloc(disk.blockBytes)));
      await bad(disk.readReserved(mib / disk.blockBytes));
      await bad(disk.compareAndWrite(0, Buffer.alloc(1), Buffer.alloc(1)));
    });
  });

  void it('compares and writes a reserved block', async () => {
    const path = image('reserved', 2 * mib);
    await withDisk(path, { holder: 'a' }, async (one) => {
      await withDisk(path, { holder: 'b', claim: false }, async (other) => {
        assert.ok(one.supportsCompareAndWrite);
        const empty = await one.readReserved(1);
        const flag = block(one, '{"vmftFlag":1,"winner":"one"}');
        assert.equal(await one.compareAndWrite(1, empty, flag), true);
        assert.equal(await other.compareAndWrite(1, empty, block(one, 'x')), false);
        assert.deepEqual(await other.readReserved(1), flag);
        assert.deepEqual(await other.readReserved(0), empty);
      });
    });
    // It is still vmft's.
    await withDisk(path, {}, () => Promise.resolve());
  });

  void it('lets exactly one of many win a race to compare and write', async () => {
    const path = image('race', 2 * mib);
    const disks = await Promise.all(
      Array.from({ length: 8 }, async () => open(path, { claim: false })),
    );
    let before: Buffer = Buffer.alloc(disks[0]?.blockBytes ?? 0);
    for (let round = 0; round < 20; round++) {
      const wanted = disks.map((disk, index) =>
        block(disk, `{"vmftFlag":1,"n":"${round}/${index}"}`),
      );
      const won = await Promise.all(
        disks.map(async (disk, index) =>
          disk.compareAndWrite(1, before, wanted[index] ?? Buffer.alloc(0)),
        ),
      );
      assert.equal(won.filter((one) => one).length, 1);
      const winner = wanted[won.indexOf(true)];
      assert.deepEqual(await disks[0]?.readReserved(1), winner);
      before = winner ?? before;
    }
    for (const disk of disks) disk.close();
  });

  void it('refuses a second claim, until the process of the first is gone', async () => {
    const path = image('claimed', 2 * mib);
    const script = `import { openDisk } from ${JSON.stringify(new URL('../../../src/flow/world/open-disk.js', import.meta.url).href)};
      globalThis.disk = await openDisk(${JSON.stringify(path)}, ${JSON.stringify(diskOptions)});
      console.log('open');
      setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    await refused(path, 'disk-in-use', /in use by another process/);
    await withDisk(path, { claim: false }, async (disk) => {
      assert.equal((await disk.readReserved(0)).length, disk.blockBytes);
    });
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await withDisk(path, {}, () => Promise.resolve());
  });

  void it('rejects what waits when it is closed', async () => {
    const disk = await open(image('closed', 2 * mib));
    const reads = Array.from({ length: 50 }, async () =>
      disk.readRange(0n, mib).then(
        () => 'read',
        (error: unknown) => (error as VmftError).code,
      ),
    );
    disk.close();
    disk.close();
    const ends = new Set(await Promise.all(reads));
    assert.ok(ends.has('disk-unavailable'));
    await assert.rejects(disk.flush(), { code: 'wrong-mode' });
    assert.equal(disk.trouble(), '');
  });

  void it('tells that it was cut as an error of the disk', async () => {
    const path = image('cut', 4 * mib);
    await withDisk(path, {}, async (disk) => {
      truncateSync(path, mib);
      await assert.rejects(disk.readRange(BigInt(2 * mib), 4096), { code: 'disk-unavailable' });
    });
  });

  void it('is refused by one clear line, and not touched', async () => {
    await refused(join(folder, 'missing'), 'disk-unusable', /is not there on this host/);
    mkdirSync(join(folder, 'folder'), { recursive: true });
    await refused(join(folder, 'folder'), 'disk-unusable', /neither a file nor a block device/);
    await refused('/dev/null', 'disk-unusable', /neither a file nor a block device/);
    await refused('ftp://example.org/disk', 'usage', /not the URL of a disk/);
    await refused('', 'usage', /no path/);
    await refused(image('odd', 2 * mib + 100), 'disk-unusable', /odd size/);
    await refused(image('small', mib), 'disk-unusable', /too small/);
    await refused(image('empty', 0), 'disk-unusable', /too small/);

    const foreign = image('foreign', 3 * mib);
    poke(foreign, 3 * mib - 4096, 'somebody else');
    const bytes = readFileSync(foreign);
    const advice = await refused(foreign, 'disk-unusable', /holds data that is not vmft's/);
    assert.match(advice, /truncate -s \+1M/);
    assert.ok(readFileSync(foreign).equals(bytes));
    truncateSync(foreign, 4 * mib);
    await withDisk(foreign, {}, () => Promise.resolve());
  });

  void it('can be read-only', async () => {
    const path = image('read-only', 2 * mib);
    await withDisk(path, { readOnly: true }, async (disk) => {
      assert.ok(disk.readOnly);
      assert.equal(disk.supportsCompareAndWrite, false);
      assert.deepEqual(await disk.readRange(0n, 4096), Buffer.alloc(4096));
      await assert.rejects(disk.writeRange(0n, Buffer.alloc(4096)), { code: 'disk-unavailable' });
      const nothing = Buffer.alloc(disk.blockBytes);
      await assert.rejects(disk.compareAndWrite(0, nothing, nothing), { code: 'disk-unusable' });
    });
  });
});
