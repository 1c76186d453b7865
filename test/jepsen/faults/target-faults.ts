/** The iSCSI target, which holds the shared disk and the arbiter's flag, stalls, dies, and is away when it is asked. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import type { DemoNetwork } from '../../../src/cli/demo/demo-network.js';
import type { Narrator } from '../../../src/cli/demo/narrator.js';
import { rootImage } from '../images.js';
import { IscsiStorage } from '../storage/open-storage.js';
import { Rig } from './rig.js';

export interface TargetFaultTimes {
  readonly stallMs: number;
  readonly deadMs: number;
}

export async function targetFaults(
  network: DemoNetwork,
  folder: string,
  narrator: Narrator,
  { stallMs, deadMs }: TargetFaultTimes,
): Promise<void> {
  const storage = await IscsiStorage.open('iscsi', folder, rootImage);
  const { target } = storage;
  try {
    await Rig.with(network, storage, narrator, async (rig) => {
      const { pair } = rig;

      narrator.step(`1: the target stalls for ${stallMs / 1000} s: the guest waits, and goes on`);
      target.stall();
      await sleep(stallMs);
      target.resume();
      await rig.works();
      assert.equal(pair.backup?.end, null, 'the pair stays');

      narrator.step(`2: the target dies, and returns after ${deadMs / 1000} s`);
      await target.kill();
      await rig.silent(deadMs);
      await target.restart();
      await rig.works();
      assert.equal(pair.backup.end, null, 'the pair stays');

      narrator.step('3: the target is dead when the primary dies: nobody is live until it is back');
      await target.kill();
      const survivor = rig.killPrimary();
      await rig.silent(deadMs);
      rig.waits(survivor, 0);
      await target.restart();
      await survivor.event('live', 60_000);
      await rig.works();
      await pair.protect();

      narrator.step('4: the target stalls and the hosts lose each other: exactly one goes on');
      target.stall();
      network.setHostsSeeEachOther(false);
      await rig.silent(deadMs);
      rig.waits(pair.primary, pair.primary.events.length);
      if (pair.backup !== null) rig.waits(pair.backup, 0);
      target.resume();
      await rig.exactlyOne();
      network.setHostsSeeEachOther(true);
      await pair.protect();
      await rig.works();

      const log = await rig.inGuest('dmesg | grep -i -E "i/o error|ext4-fs.*(error|remount)"');
      assert.equal(log, '', 'the guest’s disk never failed');
      await rig.finish(storage.imagePaths);
    });
  } finally {
    network.setHostsSeeEachOther(true);
    await storage.close();
  }
}
