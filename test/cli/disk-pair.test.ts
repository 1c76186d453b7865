import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { limits } from '../../src/base/limits.js';
import { TypedReplica } from './typed-replica.js';

/** The stock kernel on real disk images, a shared one and a private one; the primary is killed while it writes. */
const mib = 1 << 20;
/** A boot and a failover on a busy machine. */
const patienceMs = 120_000;

let folder = '';
const file = (name: string): string => join(folder, name);
let children: TypedReplica[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vmft-disks-'));
  children = [];
  for (const name of ['shared', 'first', 'second']) {
    const fd = openSync(file(name), 'w');
    ftruncateSync(fd, 33 * mib);
    closeSync(fd);
  }
});

afterEach(async () => {
  for (const child of children) child.kill();
  await Promise.all(children.map((child) => child.ended()));
  rmSync(folder, { recursive: true, force: true });
});

function replica(options: readonly string[]): TypedReplica {
  const calm = ['--suspect-after', '2000', '--suspect-after-broken', '500'];
  const arbiter = ['--arbiter', `file:${file('arbiter')}`];
  const made = new TypedReplica([...options, ...calm, ...arbiter], patienceMs);
  children.push(made);
  return made;
}

interface Reservation {
  readonly state: string;
  readonly machineId: string;
}

function reservation(name: string): Reservation {
  const block = Buffer.alloc(512);
  const fd = openSync(file(name), 'r');
  readSync(fd, block, 0, block.length, 33 * mib - limits.diskReservedBytes);
  closeSync(fd);
  return JSON.parse(block.toString('utf8').replaceAll('\0', '')) as Reservation;
}

let lines = 0;

/** A line for the guest's shell; what it shows until it is done. */
async function shell(guest: TypedReplica, line: string): Promise<string> {
  lines += 1;
  guest.console = '';
  // As it is typed the end does not look like its echo.
  guest.type(`${line}; echo end-$((1000 + ${lines}))\n`);
  await guest.shows('console', new RegExp(`end-${1000 + lines}`));
  return guest.console;
}

function sum(output: string): string {
  const found = /^([0-9a-f]{32})\b/m.exec(output)?.[1];
  assert.ok(found !== undefined, output);
  return found;
}

for (const reads of ['log', 'backup']) {
  void describe(`a pair with disks, reads by ${reads}`, () => {
    void test('loses nothing that was written when the primary is killed', async () => {
      const primary = replica([
        ...['run', 'debian', '--listen', '127.0.0.1:0', '--disk-reads', reads],
        ...['--disk', file('shared'), '--disk', `${file('first')},private`],
      ]);
      const address = await primary.shows('notices', /accepting a backup at (\S+)/);
      await primary.shows('console', /\/ # /);
      await shell(primary, 'dd if=/dev/urandom of=/data bs=64k count=32');
      const data = sum(await shell(primary, 'md5sum /data'));
      // On the private disk before the join, so that it must be copied.
      await shell(primary, 'dd if=/data of=/dev/vdb bs=64k seek=8 conv=fsync');
      assert.equal(reservation('shared').state, 'in-use');

      const backup = replica(['backup', address, '--disk', file('second')]);
      await backup.shows('notices', /protected: this is the backup/);
      await shell(primary, 'dd if=/data of=/dev/vda bs=64k conv=fsync');
      await shell(primary, 'dd if=/data of=/dev/vdb bs=64k seek=64 conv=fsync');
      await shell(primary, 'echo 3 > /proc/sys/vm/drop_caches');
      assert.equal(sum(await shell(primary, 'dd if=/dev/vda bs=64k count=32 | md5sum')), data);
      const writes = 'dd if=/data of=/dev/vda bs=4k seek=4096 conv=fsync 2>/dev/null';
      primary.type(`while :; do ${writes}; echo again $((1 + 1)); done &\n`);
      await primary.shows('console', /again 2/);
      primary.kill();
      await backup.shows('notices', /live \d+ ms after the suspicion/);
      assert.doesNotMatch(backup.notices, /diverged/);

      await backup.shows('console', /again 2/);
      backup.type('kill %1\n');
      await shell(backup, 'echo 3 > /proc/sys/vm/drop_caches');
      for (const part of ['vda', 'vdb skip=8', 'vdb skip=64']) {
        const [disk, ...skip] = part.split(' ');
        const read = `dd if=/dev/${disk} bs=64k count=32 ${skip.join('')} | md5sum`;
        assert.equal(sum(await shell(backup, read)), data, part);
      }
      assert.equal(reservation('shared').machineId, reservation('second').machineId);
      backup.type('poweroff -f\n');
      assert.equal(await backup.ended(), 0, backup.notices);
      assert.equal(reservation('shared').state, 'free');
      assert.equal(reservation('second').state, 'free');
      assert.equal(reservation('first').state, 'in-use', 'it is not what the machine has now');
    });
  });
}
