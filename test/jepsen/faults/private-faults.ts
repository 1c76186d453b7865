/** Private disks: one is full for a while, one fails on the backup; and the arbiter, etcd, is without a quorum when it is asked. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { storageAddress, type DemoNetwork } from '../../../src/cli/demo/demo-network.js';
import type { Narrator } from '../../../src/cli/demo/narrator.js';
import { EtcdCluster } from '../../storage/etcd.js';
import { TgtServer } from '../../storage/tgt.js';
import { rootImage } from '../images.js';
import { copyOf } from '../storage/open-storage.js';
import { storageWords } from '../storage/pair-storage.js';
import { setReadOnly } from './read-only-lun.js';
import { Rig } from './rig.js';

/** Room on the disk of host a beyond what the image takes, at first. */
const roomMiB = 24;
const fillMiB = 48;
const mebi = 1 << 20;
/** What a file that takes all room leaves: the guest writes all the time. */
const leftBytes = 4 * mebi;
const arbiterAwayMs = 4_000;

export async function privateFaults(
  network: DemoNetwork,
  folder: string,
  narrator: Narrator,
): Promise<void> {
  const place = join(folder, 'a');
  mkdirSync(place, { recursive: true });
  const imageMiB = Math.ceil((statSync(rootImage).blocks * 512) / mebi);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${imageMiB + roomMiB}m`, 'tmpfs', place]);
  const grow = (): void => {
    execFileSync('mount', ['-o', `remount,size=${2 * imageMiB + 1024}m`, place]);
  };
  const [a, b] = [copyOf(rootImage, join(place, 'a.img')), join(folder, 'b.img')];
  writeFileSync(b, '');
  truncateSync(b, statSync(a).size);
  const target = await TgtServer.start({ address: storageAddress, imagePaths: [b] });
  const cluster = await EtcdCluster.start(3, null, storageAddress);
  const storage = {
    arbiter: cluster.url('faults'),
    replicaWords: ({ label }: { readonly label: string }, role: 'primary' | 'backup') =>
      storageWords('private', 'private', label === 'a' ? a : target.url(), role),
  };
  try {
    await Rig.with(network, storage, narrator, async (rig) => {
      const { pair } = rig;

      narrator.step('1: the primary’s own storage is full: the guest waits until there is room');
      const { primary } = pair;
      const filled = rig.inGuest(`dd if=/dev/zero of=/root/fill bs=1M count=${fillMiB} conv=fsync`);
      await primary.event('disk-trouble', 60_000);
      await Promise.race([
        filled.then(() => assert.fail('the guest wrote where there was no room')),
        sleep(3_000),
      ]);
      grow();
      await primary.event('disk-recovered', 60_000);
      assert.match(await filled, new RegExp(`${fillMiB * mebi} bytes`));
      await rig.works();
      assert.equal(pair.backup?.end, null, 'the pair stays');

      narrator.step('2: etcd has no quorum when the primary dies: nobody is live until it has');
      await Promise.all([cluster.killMember(0), cluster.killMember(1)]);
      const survivor = rig.killPrimary();
      await rig.silent(arbiterAwayMs);
      rig.waits(survivor, 0);
      cluster.startMember(0);
      cluster.startMember(1);
      await survivor.event('live', 60_000);
      await rig.works();
      await pair.protect();

      narrator.step(
        '3: the backup’s own storage is full: the guest goes on, the backup comes after',
      );
      const { backup } = pair;
      assert.equal(backup?.host.label, 'a');
      const filler = join(place, 'filler');
      const { bavail, bsize } = statfsSync(place);
      execFileSync('fallocate', ['-l', String(bavail * bsize - leftBytes), filler]);
      const more = rig.inGuest(`dd if=/dev/zero of=/root/more bs=1M count=${fillMiB} conv=fsync`);
      await backup.event('disk-trouble', 60_000);
      await rig.works();
      rmSync(filler);
      await backup.event('disk-recovered', 60_000);
      assert.match(await more, new RegExp(`${fillMiB * mebi} bytes`));
      await rig.caughtUp();
      await rig.works();

      narrator.step(
        '4: no quorum, and the hosts lose each other: exactly one goes on, once there is one',
      );
      await Promise.all([cluster.killMember(1), cluster.killMember(2)]);
      network.setHostsSeeEachOther(false);
      await rig.silent(arbiterAwayMs);
      rig.waits(pair.primary, pair.primary.events.length);
      if (pair.backup !== null) rig.waits(pair.backup, 0);
      cluster.startMember(1);
      cluster.startMember(2);
      await rig.exactlyOne();
      network.setHostsSeeEachOther(true);
      await pair.protect();
      await rig.works();

      narrator.step('5: the backup’s own disk fails: it leaves, and the guest goes on');
      if (pair.primary.host.label === 'b') {
        await rig.killPrimary().event('live', 60_000);
        await pair.protect();
      }
      const leaving = pair.backup;
      await setReadOnly(target, true);
      assert.equal(await leaving?.ends(60_000), 'status 19');
      await pair.primary.event('backup-lost', 60_000);
      pair.goesOn(pair.primary);
      await rig.works();
      await setReadOnly(target, false);
      await pair.protect();
      await rig.works();

      const log = await rig.inGuest('dmesg | grep -i -E "i/o error|ext4-fs.*(error|remount)"');
      assert.equal(log, '', 'the guest’s disk never failed');
      await rig.finish([a, b]);
    });
  } finally {
    network.setHostsSeeEachOther(true);
    await Promise.all([target.stop(), cluster.stop()]);
    execFileSync('umount', ['-l', place]);
  }
}
