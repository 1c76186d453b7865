/** A shared disk has blocks that cannot be read, and another one cannot be written: the guest is told, and nobody else minds. */
import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { storageAddress, type DemoNetwork } from '../../../src/cli/demo/demo-network.js';
import type { Narrator } from '../../../src/cli/demo/narrator.js';
import { TgtServer } from '../../storage/tgt.js';
import { rootImage } from '../images.js';
import { openStorage } from '../storage/open-storage.js';
import { setReadOnly } from './read-only-lun.js';
import { Rig, type RigStorage } from './rig.js';

const dataBytes = 64 << 20;
const goodMiB = 16;

export async function mediumFaults(
  network: DemoNetwork,
  folder: string,
  narrator: Narrator,
): Promise<void> {
  const root = await openStorage('backup-read', folder, rootImage);
  const data = join(folder, 'data.img');
  writeFileSync(data, '');
  truncateSync(data, dataBytes);
  const target = await TgtServer.start({ address: storageAddress, lunBytes: dataBytes });
  const storage: RigStorage = {
    arbiter: root.arbiter,
    replicaWords: (host, role) => [
      ...root.replicaWords(host, role),
      '--disk',
      data,
      '--disk',
      target.url(),
    ],
  };
  try {
    await Rig.with(network, storage, narrator, async (rig) => {
      narrator.step('1: most of a disk is gone: the guest gets EIO where it reads it');
      const read = (skipMiB: number): Promise<string> =>
        rig.inGuest(`dd if=/dev/vdb of=/dev/null bs=1M count=1 skip=${skipMiB} iflag=direct`);
      assert.match(await read(goodMiB + 8), /1048576 bytes/);
      // What the primary could read the backup must have read as well, before it is gone.
      await rig.caughtUp();
      truncateSync(data, goodMiB << 20);
      assert.match(await read(goodMiB + 8), /Input\/output error/);
      assert.match(await read(goodMiB - 8), /1048576 bytes/);
      assert.match(await rig.inGuest('dmesg | tail -n 20'), /I\/O error, dev vdb, sector \d+/);
      await rig.works();
      assert.equal(rig.pair.backup?.end, null, 'the pair stays: both saw the same');

      narrator.step('2: a LUN turns read-only: the guest gets EIO where it writes to it');
      const write = (): Promise<string> =>
        rig.inGuest('dd if=/dev/zero of=/dev/vdc bs=1M count=1 oflag=direct');
      assert.match(await write(), /1048576 bytes/);
      await setReadOnly(target, true);
      assert.match(await write(), /Input\/output error/);
      assert.match(await rig.inGuest('dmesg | tail -n 20'), /I\/O error, dev vdc, sector \d+/);
      await setReadOnly(target, false);
      assert.match(await write(), /1048576 bytes/);
      await rig.works();
      assert.equal(rig.pair.backup.end, null, 'the pair stays');

      narrator.step('3: the new live replica gets them as well');
      const survivor = rig.killPrimary();
      await survivor.event('live', 60_000);
      await rig.works();
      assert.match(await read(goodMiB + 9), /Input\/output error/);
      assert.match(await read(goodMiB - 7), /1048576 bytes/);
      await rig.works();
      // No backup joins: a disk that lost its end, and with it the reservation, is another disk.
      await rig.finish(root.imagePaths);
    });
  } finally {
    await Promise.all([root.close(), target.stop()]);
  }
}
