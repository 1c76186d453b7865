import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, statSync, truncateSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { VmftError } from '../../../src/base/errors.js';
import type { Disk } from '../../../src/flow/world/disk.js';
import { nativeDiskOf } from '../../../src/flow/world/open-disk.js';
import { TgtServer, whyNoTgt } from '../../storage/tgt.js';
import { block, mib, open, withDisk } from './opened-disks.js';

const blockBytes = 4096;

/** Writes blocks one after the other in several places at once, each with what it should hold, until told to stop. */
class Writers {
  readonly written = new Map<number, number>();
  private readonly disk: Disk;
  private readonly running: Promise<void>[];
  private going = true;

  constructor(disk: Disk, count: number) {
    this.disk = disk;
    this.running = Array.from({ length: count }, async (_, index) => this.write(index, count));
  }

  get total(): number {
    return this.written.size;
  }

  async stop(): Promise<void> {
    this.going = false;
    await Promise.all(this.running);
  }

  /** What is there is what was written last. */
  async check(): Promise<void> {
    for (const [place, value] of this.written) {
      const found = await this.disk.readRange(BigInt(place * blockBytes), blockBytes);
      assert.deepEqual(found, contents(place, value), `block ${place}`);
    }
  }

  /** Each place twice, so that a late write of the first time would be seen. */
  private async write(first: number, step: number): Promise<void> {
    for (let place = first; this.going && place < 4000; place += step) {
      for (const value of [1, 2]) {
        await this.disk.writeRange(BigInt(place * blockBytes), contents(place, value));
        this.written.set(place, value);
      }
    }
  }
}

function contents(place: number, value: number): Buffer {
  return Buffer.alloc(blockBytes, `place ${place} value ${value} `);
}

async function until(what: string, condition: () => boolean, limitMs = 15_000): Promise<void> {
  for (const deadline = Date.now() + limitMs; !condition(); await sleep(20))
    assert.ok(Date.now() < deadline, `no ${what} within ${limitMs} ms`);
}

void describe('an iSCSI LUN whose target fails', { skip: whyNoTgt() }, () => {
  let server: TgtServer;
  beforeEach(async () => {
    server = await TgtServer.start();
  });
  afterEach(async () => {
    await server.stop();
  });

  void it('waits for a target that stalls, and everything ends once', async () => {
    await withDisk(server.url(), {}, async (disk) => {
      const writers = new Writers(disk, 8);
      await until('writes', () => writers.total > 50);
      server.stall();
      await sleep(100);
      const nothing = block(disk, '');
      // Whether a step of the reserved area was taken cannot be known: the caller is told so, and soon.
      const before = Date.now();
      await assert.rejects(disk.compareAndWrite(1, nothing, block(disk, '{"vmftFlag":1')), {
        code: 'disk-unavailable',
      });
      assert.ok(Date.now() - before < 6_000);
      await until('trouble', () => disk.trouble().includes('does not answer'));
      await sleep(3_000);
      const held = writers.total;
      server.resume();
      await until('end of trouble', () => disk.trouble() === '');
      await until('writes after the stall', () => writers.total > held + 50);
      await writers.stop();
      await writers.check();
      const shown = await server.admin('--op', 'show', '--mode', 'target');
      assert.equal(shown.match(/I_T nexus: /g)?.length, 1, 'a session was left behind');
      const flag = await disk.readReserved(1);
      assert.ok(flag.equals(nothing) || flag.toString().startsWith('{"vmftFlag":1'));
    });
  });

  void it('goes on when the target dies and returns, and everything ends once', async () => {
    await withDisk(server.url(), {}, async (disk) => {
      const writers = new Writers(disk, 8);
      for (let round = 0; round < 3; round++) {
        const written = writers.total;
        await until('writes', () => writers.total > written + 30);
        await server.kill();
        await until('trouble', () => disk.trouble() !== '');
        assert.match(disk.trouble(), /trying again/);
        await sleep(round * 400);
        await server.restart();
        await until('end of trouble', () => disk.trouble() === '');
      }
      const written = writers.total;
      await until('writes', () => writers.total > written + 30);
      await writers.stop();
      await disk.flush();
      await writers.check();
    });
  });

  void it('lets a replica that goes live take the disk, and the former holder write no more', async () => {
    const former = await open(server.url(), { holder: 'former' });
    const next = await open(server.url(), { holder: 'next', claim: false });
    let refusals = 0;
    let going = true;
    const writing = (async () => {
      for (let value = 0; going; value++) {
        await former
          .writeRange(0n, Buffer.alloc(blockBytes, `former ${value} `))
          .catch((error: unknown) => {
            assert.equal((error as VmftError).code, 'disk-unavailable');
            refusals++;
          });
      }
    })();
    await sleep(100);
    await nativeDiskOf(next).claim();
    await next.writeRange(0n, Buffer.alloc(blockBytes, 'next'));
    await until('refused write', () => refusals > 0);
    assert.match(former.trouble(), /another host took the disk/);
    going = false;
    await writing;
    assert.deepEqual(await next.readRange(0n, blockBytes), Buffer.alloc(blockBytes, 'next'));
    // It may still read, and say in the reserved area what it has to.
    assert.deepEqual(await former.readRange(0n, blockBytes), Buffer.alloc(blockBytes, 'next'));
    // Taking it again changes nothing.
    await nativeDiskOf(next).claim();
    await next.writeRange(0n, Buffer.alloc(blockBytes, 'again'));
    former.close();
    await next.writeRange(0n, Buffer.alloc(blockBytes, 'more'));
    next.close();
  });

  void it('knows whose the disk is though the target forgot it', async () => {
    const former = await open(server.url(), { holder: 'former' });
    const next = await open(server.url(), { holder: 'next', claim: false });
    await nativeDiskOf(next).claim();
    await server.kill();
    await until('trouble', () => former.trouble() !== '' && next.trouble() !== '');
    await server.restart();
    await next.writeRange(0n, Buffer.alloc(blockBytes, 'next'));
    await assert.rejects(former.writeRange(0n, Buffer.alloc(blockBytes, 'former')), {
      code: 'disk-unavailable',
    });
    await until('loss', () => former.trouble().includes('another host took the disk'));
    assert.equal(next.trouble(), '');
    assert.deepEqual(await next.readRange(0n, blockBytes), Buffer.alloc(blockBytes, 'next'));
    former.close();
    next.close();
  });

  void it('waits with a claim until the target is there, or the disk is closed', async () => {
    const disk = await open(server.url(), { claim: false });
    await server.kill();
    const claimed = nativeDiskOf(disk).claim();
    await sleep(300);
    await server.restart();
    await claimed;
    await disk.writeRange(0n, Buffer.alloc(blockBytes, 'x'));
    await server.kill();
    const never = nativeDiskOf(disk).claim();
    await sleep(100);
    disk.close();
    await assert.rejects(never, { code: 'disk-unavailable' });
  });

  void it('tells an error of the medium as an error', async () => {
    await withDisk(server.url(), {}, async (disk) => {
      await disk.writeRange(0n, Buffer.alloc(blockBytes, 'x'));
      truncateSync(server.imagePath(), mib);
      await assert.rejects(disk.readRange(BigInt(8 * mib), blockBytes), {
        code: 'disk-unavailable',
      });
      assert.deepEqual(await disk.readRange(0n, blockBytes), Buffer.alloc(blockBytes, 'x'));
      assert.equal(disk.trouble(), '');
      truncateSync(server.imagePath(), 64 * mib);
    });
  });

  void it('gives space back', async () => {
    await withDisk(server.url(), {}, async (disk) => {
      for (let at = 0; at < 16; at++)
        await disk.writeRange(BigInt(at * mib), Buffer.alloc(mib, 'full'));
      await disk.flush();
      const full = statSync(server.imagePath()).blocks * 512;
      assert.ok(full >= 16 * mib);
      await disk.clear();
      assert.ok(statSync(server.imagePath()).blocks * 512 < full - 15 * mib);
      const fd = openSync(server.imagePath(), 'r');
      const found = Buffer.alloc(mib, 'x');
      readSync(fd, found, 0, mib, 5 * mib);
      closeSync(fd);
      assert.deepEqual(found, Buffer.alloc(mib));
    });
  });
});
