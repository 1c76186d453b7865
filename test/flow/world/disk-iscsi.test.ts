import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { limits } from '../../../src/base/limits.js';
import { TgtServer, whyNoTgt } from '../../storage/tgt.js';
import { block, mib, open, refused, withDisk } from './opened-disks.js';

const kib = 1024;

function imageBytes(path: string, offset: number, bytes: number): Buffer {
  const fd = openSync(path, 'r');
  const data = Buffer.alloc(bytes);
  readSync(fd, data, 0, bytes, offset);
  closeSync(fd);
  return data;
}

void describe('an iSCSI LUN as a disk', { skip: whyNoTgt() }, () => {
  let server: TgtServer;
  before(async () => {
    server = await TgtServer.start({ luns: 3 });
  });
  after(async () => {
    await server.stop();
  });

  void it('reads what was written', async () => {
    await withDisk(server.url(), {}, async (disk) => {
      assert.equal(disk.kind, 'iscsi');
      assert.equal(disk.url, server.url());
      assert.equal(disk.blockBytes, 512);
      assert.equal(disk.capacityBytes, BigInt(64 * mib - limits.diskReservedBytes));
      assert.ok(!disk.readOnly);
      assert.ok(disk.supportsCompareAndWrite);
      const pieces = Array.from({ length: 40 }, (_, index) => Buffer.alloc(mib, `piece ${index}`));
      await Promise.all(
        pieces.map(async (data, index) => disk.writeRange(BigInt(index * mib), data)),
      );
      await disk.flush();
      const read = await Promise.all(
        pieces.map(async (_, index) => disk.readRange(BigInt(index * mib), mib)),
      );
      assert.deepEqual(read, pieces);
      assert.deepEqual(await disk.readRange(BigInt(50 * mib), 512), Buffer.alloc(512));
      await disk.writeRange(512n * 3n, Buffer.alloc(512, 'x'));
      assert.deepEqual(await disk.readRange(512n * 3n, 512), Buffer.alloc(512, 'x'));
      assert.deepEqual(await disk.nextData(512n), {
        offset: 512n,
        bytes: disk.capacityBytes - 512n,
      });
      assert.equal(await disk.nextData(disk.capacityBytes), null);
      await disk.clear();
      assert.deepEqual(await disk.readRange(BigInt(mib), mib), Buffer.alloc(mib));
      assert.equal(disk.trouble(), '');
    });
    assert.ok(imageBytes(server.imagePath(), 0, 63 * mib).every((byte) => byte === 0));
  });

  void it('compares and writes a reserved block, also while another holds the disk', async () => {
    await withDisk(server.url(2), { holder: 'a' }, async (one) => {
      await withDisk(server.url(2), { holder: 'b', claim: false }, async (other) => {
        const empty = await one.readReserved(1);
        const flag = block(one, '{"vmftFlag":1,"winner":"other"}');
        assert.equal(await other.compareAndWrite(1, empty, flag), true);
        assert.equal(await one.compareAndWrite(1, empty, block(one, 'x')), false);
        assert.deepEqual(await one.readReserved(1), flag);
        assert.equal(await one.compareAndWrite(1, flag, empty), true);
      });
      // The other's visit took nothing from the holder.
      await one.writeRange(0n, Buffer.alloc(4 * kib, 'mine'));
    });
  });

  void it('lets exactly one of many win a race to compare and write', async () => {
    const disks = await Promise.all(
      Array.from({ length: 6 }, async (_, index) =>
        open(server.url(2), { claim: index === 0, holder: `racer ${index}` }),
      ),
    );
    let present = (await disks[0]?.readReserved(1)) ?? Buffer.alloc(0);
    for (let round = 0; round < 30; round++) {
      const wanted = disks.map((disk, index) =>
        block(disk, `{"vmftFlag":1,"n":"${round}/${index}"}`),
      );
      const won = await Promise.all(
        disks.map(async (disk, index) =>
          disk.compareAndWrite(1, present, wanted[index] ?? Buffer.alloc(0)),
        ),
      );
      assert.equal(won.filter((one) => one).length, 1);
      present = wanted[won.indexOf(true)] ?? present;
      assert.deepEqual(await disks[round % 6]?.readReserved(1), present);
    }
    for (const disk of disks) disk.close();
  });

  void it('gives its reservation back when it is closed', async () => {
    await withDisk(server.url(3), { holder: 'first' }, async (first) => {
      await first.writeRange(0n, Buffer.alloc(512, '1'));
      await withDisk(server.url(3), { holder: 'second' }, async (second) => {
        // Not claimed, since the first holds it: its writes are refused, and what it holds stays.
        await assert.rejects(second.writeRange(0n, Buffer.alloc(512, '2')), {
          code: 'disk-unavailable',
        });
        assert.match(second.trouble(), /another host holds the disk/);
      });
      await first.writeRange(512n, Buffer.alloc(512, '1'));
    });
    await withDisk(server.url(3), { holder: 'second' }, async (second) => {
      await second.writeRange(0n, Buffer.alloc(512, '2'));
      assert.deepEqual(await second.readRange(512n, 512), Buffer.alloc(512, '1'));
    });
  });
});

void describe('an iSCSI LUN that is refused', { skip: whyNoTgt() }, () => {
  void it('by what is wrong with the URL', async () => {
    const server = await TgtServer.start();
    try {
      const { port, iqn } = server;
      await refused('iscsi://127.0.0.1', 'usage', /not the URL of an iSCSI disk/);
      await refused(`iscsi://127.0.0.1:${port}/${iqn}`, 'usage', /not the URL of an iSCSI disk/);
      await refused(server.url(7), 'disk-unusable', /no such LUN/);
      await refused(server.url(0), 'disk-unusable', /is no disk/);
      const target = `iscsi://127.0.0.1:${port}/iqn.2026-01.vmft.test:other/1`;
      await refused(target, 'disk-unusable', /has no target iqn/);
      await refused(
        `iscsi://127.0.0.1:1/${iqn}/1`,
        'disk-unavailable',
        /cannot connect to 127.0.0.1:1: Connection refused/,
      );
      await refused(
        `iscsi://no-such-host.invalid:${port}/${iqn}/1`,
        'disk-unavailable',
        /no-such-host\.invalid/,
      );
      server.stall();
      await refused(server.url(), 'disk-unavailable', /does not answer/, { timeoutMs: 300 });
      server.resume();
    } finally {
      await server.stop();
    }
  });

  void it('by CHAP, never showing a password', async () => {
    const chap = { user: 'guest', password: 'secret-of-12' };
    const server = await TgtServer.start({ chap });
    try {
      const advice = await refused(server.url(), 'disk-unusable', /it asks for a password/);
      assert.match(advice, /LIBISCSI_CHAP_PASSWORD/);
      const wrong = server.urlWithChap('guest', 'not-it-is-it');
      await refused(wrong, 'disk-unusable', /^(?!.*not-it-is-it).*wrong user or password/);
      await refused(server.urlWithChap('nobody'), 'disk-unusable', /wrong user or password/);
      await withDisk(server.urlWithChap(), {}, async (disk) => {
        assert.equal(disk.url, server.urlWithChap('guest', undefined).replace('%secret-of-12', ''));
        assert.ok(!disk.url.includes('secret'));
        await disk.writeRange(0n, Buffer.alloc(512, 'x'));
      });
      process.env['LIBISCSI_CHAP_USERNAME'] = chap.user;
      process.env['LIBISCSI_CHAP_PASSWORD'] = chap.password;
      await withDisk(server.url(), {}, () => Promise.resolve());
    } finally {
      delete process.env['LIBISCSI_CHAP_USERNAME'];
      delete process.env['LIBISCSI_CHAP_PASSWORD'];
      await server.stop();
    }
  });

  void it('by its size, or by what is in its reserved area, and is not touched', async () => {
    const server = await TgtServer.start({ luns: 2, lunBytes: mib });
    try {
      await refused(server.url(), 'disk-unusable', /too small/);
    } finally {
      await server.stop();
    }
    const other = await TgtServer.start({ lunBytes: 4 * mib });
    try {
      const fd = openSync(other.imagePath(), 'r+');
      writeSync(fd, 'somebody', 4 * mib - 8);
      closeSync(fd);
      const bytes = imageBytes(other.imagePath(), 0, 4 * mib);
      await refused(other.url(), 'disk-unusable', /holds data that is not vmft's/);
      assert.ok(imageBytes(other.imagePath(), 0, 4 * mib).equals(bytes));
    } finally {
      await other.stop();
    }
  });

  void it('by write protection, unless it is read only', async () => {
    const server = await TgtServer.start({ readOnly: true });
    try {
      await refused(server.url(), 'disk-unusable', /write-protected/);
      await withDisk(server.url(), { readOnly: true }, async (disk) => {
        assert.ok(disk.readOnly);
        assert.ok(!disk.supportsCompareAndWrite);
        assert.deepEqual(await disk.readRange(0n, 512), Buffer.alloc(512));
        await assert.rejects(disk.writeRange(0n, Buffer.alloc(512)), { code: 'disk-unavailable' });
      });
    } finally {
      await server.stop();
    }
  });

  void it('tells that it cannot compare and write, and does what else it can', async () => {
    const server = await TgtServer.start({ compareAndWrite: false, thin: false });
    try {
      await withDisk(server.url(), {}, async (disk) => {
        assert.equal(disk.supportsCompareAndWrite, false);
        const nothing = Buffer.alloc(512);
        await assert.rejects(disk.compareAndWrite(1, nothing, nothing), { code: 'disk-unusable' });
        await disk.writeRange(0n, Buffer.alloc(mib, 'x'));
        await disk.clear();
        assert.deepEqual(await disk.readRange(0n, mib), Buffer.alloc(mib));
      });
    } finally {
      await server.stop();
    }
  });
});
