import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { VmftError } from '../../src/base/errors.js';
import { HostDisks, hostDiskParts } from '../../src/cli/host-disks.js';
import type { GuestConfig, GuestDisk } from '../../src/flow/machine/machine.js';
import type { Disk } from '../../src/flow/world/disk.js';
import {
  claimReservation,
  markCopying,
  readReservation,
} from '../../src/flow/world/disk-reservation.js';
import { systemRandom } from '../../src/flow/world/system-random.js';
import { exampleGuest } from '../flow/log/example-guest.js';
import { open } from '../flow/world/opened-disks.js';
import { TgtServer, whyNoTgt } from '../storage/tgt.js';

const privateDisk: GuestDisk = {
  capacityBytes: 32n << 20n,
  blockBytes: 512,
  holding: 'private',
  readOnly: false,
  readsOnBackup: false,
  serial: '',
  url: 'somewhere',
  uuid: '',
};
const primary = { machineId: 'm', replicaId: 'primary' };
const backup = { machineId: 'm', replicaId: 'backup' };
const primaryOption = { holding: 'shared', readOnly: false, serial: null } as const;

function prepare(disks: HostDisks, guests: readonly GuestDisk[]): Promise<VmftError | null> {
  const config: GuestConfig = { ...exampleGuest, disks: guests };
  return new Promise((resolve) => {
    disks.prepare(config, backup, primary, resolve);
  });
}

async function reservedBlocks(server: TgtServer): Promise<string[]> {
  const disk = await open(server.url(), { claim: false });
  const blocks = [];
  for (const index of [0, 1, 2]) blocks.push((await disk.readReserved(index)).toString('latin1'));
  disk.close();
  return blocks;
}

void describe('iSCSI LUNs of a host', { skip: whyNoTgt() }, () => {
  let server: TgtServer;
  let former: Disk | null = null;
  let disks: HostDisks | null = null;
  beforeEach(async () => {
    server = await TgtServer.start({ luns: 2 });
  });
  afterEach(async () => {
    former?.close();
    former = null;
    await disks?.abandon();
    disks = null;
    await server.stop();
  });

  void it('are taken from an earlier backup that still writes, before they are copied to', async () => {
    former = await open(server.url(), { holder: 'former', holding: 'private' });
    await markCopying(former, { machineId: 'm', replicaId: 'former' }, primary, systemRandom);
    await former.writeRange(0n, Buffer.alloc(512, 'former'));
    disks = HostDisks.forBackup([server.url()], hostDiskParts);
    assert.equal(await prepare(disks, [privateDisk]), null);
    await assert.rejects(former.writeRange(0n, Buffer.alloc(512, 'late')));
    const disk = disks.opened(0);
    assert.ok(disk !== null);
    // It stays so when the target returns without its reservations.
    await server.kill();
    await server.restart();
    await disk.writeRange(0n, Buffer.alloc(512, 'copy'));
    await assert.rejects(former.writeRange(0n, Buffer.alloc(512, 'late')));
    assert.deepEqual(await disk.readRange(0n, 512), Buffer.alloc(512, 'copy'));
  });

  void it('are not touched when another machine uses them, though the target does not know', async () => {
    const user = { machineId: 'another', replicaId: 'another' };
    const theirs = await open(server.url(), { holder: 'another' });
    await claimReservation(theirs, user, systemRandom);
    theirs.close();
    const options = [{ ...primaryOption, url: server.url() }];
    const before = await reservedBlocks(server);
    await assert.rejects(HostDisks.claimed(options, false, primary, hostDiskParts), {
      code: 'disk-in-use',
    });
    assert.deepEqual(await reservedBlocks(server), before);
    // What can be seen without asking is seen before the first is marked.
    const fine = server.url(2);
    const missing = [fine, server.url(3)].map((url) => ({ ...primaryOption, url }));
    await assert.rejects(HostDisks.claimed(missing, false, primary, hostDiskParts));
    const disk = await open(fine, { claim: false });
    assert.equal(await readReservation(disk), null);
    disk.close();
  });

  void it('are refused when one is named twice', async () => {
    disks = HostDisks.forBackup([server.url(), server.url()], hostDiskParts);
    const refused = await prepare(disks, [privateDisk, privateDisk]);
    assert.equal(refused?.code, 'usage');
    assert.match(refused.message, /is named twice/);
    const url = server.url(2);
    const options = [
      { ...primaryOption, url },
      { ...primaryOption, url },
    ];
    await assert.rejects(HostDisks.claimed(options, false, primary, hostDiskParts), {
      code: 'usage',
    });
  });
});
