import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { limits } from '../../src/base/limits.js';
import { TgtServer, whyNoTgt } from '../storage/tgt.js';
import { TypedReplica } from './typed-replica.js';

/** The stock kernel on real disks, a shared one and a private one; the primary is killed while the guest writes. */
const mib = 1 << 20;
const diskBytes = 33 * mib;
/** A boot and a failover on a busy machine. */
const patienceMs = 120_000;

/** Where the disks are: the shared one, the primary's own and the backup's copy. */
interface Place {
  readonly urls: readonly [string, string, string];
  readonly paths: readonly [string, string, string];
  readonly arbiter: string;
}

let children: TypedReplica[] = [];

afterEach(async () => {
  for (const child of children) child.kill();
  await Promise.all(children.map((child) => child.ended()));
  children = [];
});

function replica(place: Place, options: readonly string[]): TypedReplica {
  const calm = ['--suspect-after', '2000', '--suspect-after-broken', '500'];
  const made = new TypedReplica([...options, ...calm, '--arbiter', place.arbiter], patienceMs);
  children.push(made);
  return made;
}

interface Reservation {
  readonly state: string;
  readonly machineId: string;
}

function reservation(path: string): Reservation {
  const block = Buffer.alloc(512);
  const fd = openSync(path, 'r');
  readSync(fd, block, 0, block.length, diskBytes - limits.diskReservedBytes);
  closeSync(fd);
  return JSON.parse(block.toString('utf8').replaceAll('\0', '')) as Reservation;
}

function sum(output: string): string {
  const found = /^([0-9a-f]{32})\b/m.exec(output)?.[1];
  assert.ok(found !== undefined, output);
  return found;
}

async function losesNothing(place: Place, reads: string): Promise<void> {
  const [shared, own, copy] = place.urls;
  const [sharedPath, ownPath, copyPath] = place.paths;
  const primary = replica(place, [
    ...['run', 'debian', '--listen', '127.0.0.1:0', '--disk-reads', reads],
    ...['--disk', shared, '--disk', `${own},private`],
  ]);
  const address = await primary.shows('notices', /accepting a backup at (\S+)/);
  await primary.shows('console', /\/ # /);
  await primary.shell('dd if=/dev/urandom of=/data bs=64k count=32');
  const data = sum(await primary.shell('md5sum /data'));
  // On the private disk before the join, so that it must be copied.
  await primary.shell('dd if=/data of=/dev/vdb bs=64k seek=8 conv=fsync');
  assert.equal(reservation(sharedPath).state, 'in-use');

  const backup = replica(place, ['backup', address, '--disk', copy]);
  await backup.shows('notices', /protected: this is the backup/);
  await primary.shell('dd if=/data of=/dev/vda bs=64k conv=fsync');
  await primary.shell('dd if=/data of=/dev/vdb bs=64k seek=64 conv=fsync');
  await primary.shell('echo 3 > /proc/sys/vm/drop_caches');
  assert.equal(sum(await primary.shell('dd if=/dev/vda bs=64k count=32 | md5sum')), data);
  const writes = 'dd if=/data of=/dev/vda bs=4k seek=4096 conv=fsync 2>/dev/null';
  primary.type(`while :; do ${writes}; echo again $((1 + 1)); done &\n`);
  await primary.shows('console', /again 2/);
  primary.kill();
  await backup.shows('notices', /live \d+ ms after the suspicion/);
  assert.doesNotMatch(backup.notices, /diverged/);

  await backup.shows('console', /again 2/);
  backup.type('kill %1\n');
  await backup.shell('echo 3 > /proc/sys/vm/drop_caches');
  for (const part of ['vda', 'vdb skip=8', 'vdb skip=64']) {
    const [disk, ...skip] = part.split(' ');
    const read = `dd if=/dev/${disk} bs=64k count=32 ${skip.join('')} | md5sum`;
    assert.equal(sum(await backup.shell(read)), data, part);
  }
  assert.equal(reservation(sharedPath).machineId, reservation(copyPath).machineId);
  backup.type('poweroff -f\n');
  assert.equal(await backup.ended(), 0, backup.notices);
  assert.equal(reservation(sharedPath).state, 'free');
  assert.equal(reservation(copyPath).state, 'free');
  assert.equal(reservation(ownPath).state, 'in-use', 'it is not what the machine has now');
}

for (const reads of ['log', 'backup']) {
  void describe(`a pair with disks in files, reads by ${reads}`, () => {
    let folder = '';

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'vmft-disks-'));
    });
    afterEach(() => {
      rmSync(folder, { recursive: true, force: true });
    });

    void test('loses nothing that was written when the primary is killed', async () => {
      const image = (name: string): string => {
        const fd = openSync(join(folder, name), 'w');
        ftruncateSync(fd, diskBytes);
        closeSync(fd);
        return join(folder, name);
      };
      const paths = [image('shared'), image('own'), image('copy')] as const;
      await losesNothing({ urls: paths, paths, arbiter: `file:${join(folder, 'flags')}` }, reads);
    });
  });

  void describe(`a pair with disks on a target, reads by ${reads}`, { skip: whyNoTgt() }, () => {
    let target: TgtServer;

    before(async () => {
      target = await TgtServer.start({ luns: 3, lunBytes: diskBytes });
    });
    after(() => target.stop());

    void test('loses nothing either, with the flag on the shared disk itself', async () => {
      const urls = [target.url(1), target.url(2), target.url(3)] as const;
      const paths = [target.imagePath(1), target.imagePath(2), target.imagePath(3)] as const;
      await losesNothing({ urls, paths, arbiter: target.url(1) }, reads);
    });
  });
}
