import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { VmftError } from '../../../src/base/errors.js';
import type { Disk, OpenDiskOptions } from '../../../src/flow/world/disk.js';
import {
  claimReservation,
  decodeReservation,
  encodeReservation,
  freeReservation,
  markCopied,
  markCopying,
  readReservation,
  releaseReservation,
  type Reservation,
} from '../../../src/flow/world/disk-reservation.js';
import { openDisk } from '../../../src/flow/world/open-disk.js';
import { systemRandom as random } from '../../../src/flow/world/system-random.js';
import { rejection } from '../../pair/arbiter/conformance.js';
import { MemoryStorage } from '../../pair/arbiter/memory-disk.js';

const a = { machineId: 'm', replicaId: 'a' };
const b = { machineId: 'm', replicaId: 'b' };
const other = { machineId: 'other', replicaId: 'x' };
const c = { machineId: 'm', replicaId: 'c' };
const someUuid = '00000000-0000-4000-8000-000000000001';

async function stateOf(disk: Disk): Promise<string> {
  const found = await readReservation(disk);
  return found === null ? 'none' : `${found.state} ${found.machineId} ${found.replicaId}`;
}

/** The same on a fake and on a real file. */
const places: Readonly<Record<string, () => Promise<{ disks: Disk[]; remove: () => void }>>> = {
  'a disk in memory': () => {
    const storage = new MemoryStorage();
    return Promise.resolve({ disks: [storage.open(), storage.open()], remove: () => undefined });
  },
  'a disk in memory with blocks of 4096 bytes': () => {
    const storage = new MemoryStorage(4096);
    return Promise.resolve({ disks: [storage.open(), storage.open()], remove: () => undefined });
  },
  'a file': async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vmft-reservation-'));
    const path = join(folder, 'disk.img');
    writeFileSync(path, '');
    truncateSync(path, 3 * 2 ** 20);
    const options: OpenDiskOptions = {
      readOnly: false,
      claim: false,
      holding: 'shared',
      holder: 'x',
      timeoutMs: 1000,
    };
    const disks = [await openDisk(path, options), await openDisk(path, options)];
    return {
      disks,
      remove: () => {
        for (const disk of disks) disk.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
};

for (const [name, make] of Object.entries(places)) {
  const withDisks = (run: (one: Disk, two: Disk) => Promise<void>) => async (): Promise<void> => {
    const { disks, remove } = await make();
    const [one, two] = disks;
    try {
      if (one !== undefined && two !== undefined) await run(one, two);
    } finally {
      remove();
    }
  };

  describe(`the reservation of ${name}`, () => {
    it(
      'is claimed, kept and freed, and its uuid stays',
      withDisks(async (disk, seen) => {
        assert.equal(await readReservation(disk), null);
        const claimed = await claimReservation(disk, a, random);
        assert.match(claimed.uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
        assert.deepEqual(await readReservation(seen), claimed);
        assert.deepEqual(await claimReservation(disk, a, random), claimed);
        await freeReservation(seen, other, random);
        assert.equal(await stateOf(disk), 'in-use m a');
        await freeReservation(disk, a, random);
        assert.equal(await stateOf(disk), 'free m a');
        const again = await claimReservation(seen, other, random);
        assert.equal(again.uuid, claimed.uuid);
        assert.equal(await stateOf(disk), 'in-use other x');
      }),
    );

    it(
      'keeps others off, naming machine, host, time and what to do',
      withDisks(async (disk) => {
        const { host, at } = await claimReservation(disk, a, random);
        for (const user of [other, b]) {
          await assert.rejects(
            claimReservation(disk, user, random),
            ({ code, message, whatToDo }: VmftError) => {
              assert.equal(code, 'disk-in-use');
              assert.ok(message.endsWith(`is in use by machine m on ${host} since ${at}`), message);
              assert.ok(whatToDo.endsWith(`vmft disk release ${disk.url}`));
              return true;
            },
          );
        }
        assert.equal(await rejection(markCopying(disk, other, c, random)), 'disk-in-use');
        assert.equal(await stateOf(disk), 'in-use m a');
        // The backup went live.
        await claimReservation(disk, b, random, 'a');
        assert.equal(await stateOf(disk), 'in-use m b');
      }),
    );

    it(
      'has one winner when many claim at once',
      withDisks(async (one, two) => {
        const users = [...Array(12).keys()].map((n) => ({ machineId: `m${n}`, replicaId: 'r' }));
        const results = await Promise.all(
          users.map((user, n) => rejection(claimReservation(n % 2 ? one : two, user, random))),
        );
        assert.equal(results.filter((result) => result === 'none').length, 1, results.join());
        assert.equal(results.filter((result) => result === 'disk-in-use').length, 11);
        assert.equal(await stateOf(one), `in-use m${results.indexOf('none')} r`);
      }),
    );

    it(
      'knows an unfinished copy',
      withDisks(async (disk) => {
        await markCopying(disk, b, a, random);
        assert.equal(await rejection(claimReservation(disk, b, random)), 'disk-in-use');
        assert.equal(await rejection(markCopied(disk, a, random)), 'disk-in-use');
        await markCopied(disk, b, random);
        await markCopied(disk, b, random);
        assert.equal(await stateOf(disk), 'in-use m b');
        // A replica of the same machine copies anew; nobody copies the primary's disk onto itself.
        await claimReservation(disk, b, random);
        assert.equal(await rejection(markCopying(disk, c, b, random)), 'disk-unusable');
        assert.equal(await stateOf(disk), 'in-use m b');
        await markCopying(disk, c, a, random);
        assert.equal(await stateOf(disk), 'copying m c');
      }),
    );

    it(
      'lets the host of a dead primary copy over what that one left behind',
      withDisks(async (disk) => {
        await claimReservation(disk, a, random);
        await markCopying(disk, c, b, random);
        assert.equal(await stateOf(disk), 'copying m c');
      }),
    );

    it(
      'is released by a person, who is told what it was',
      withDisks(async (disk) => {
        assert.equal(await releaseReservation(disk, random), null);
        assert.equal(await stateOf(disk), 'none');
        const claimed = await claimReservation(disk, a, random);
        assert.deepEqual(await releaseReservation(disk, random), claimed);
        await claimReservation(disk, other, random);
        assert.equal(await stateOf(disk), 'in-use other x');
      }),
    );
  });
}

describe('the reservation’s block', () => {
  const reservation: Reservation = {
    uuid: someUuid,
    state: 'in-use',
    machineId: 'm'.repeat(64),
    replicaId: 'r'.repeat(32),
    host: 'h'.repeat(64),
    at: '2026-01-01T00:00:00.000Z',
  };

  it('is one line of JSON, padded', () => {
    const block = encodeReservation(reservation, 512);
    assert.equal(block.length, 512);
    assert.ok(block.toString().startsWith('{"vmftDisk":1,"uuid":"00000000-'));
    assert.deepEqual(decodeReservation(block), reservation);
    const long = { ...reservation, machineId: 'm'.repeat(128), replicaId: 'r'.repeat(128) };
    const cut = decodeReservation(encodeReservation({ ...long, host: 'h'.repeat(256) }, 512));
    assert.ok(cut !== null && cut !== 'empty');
    assert.equal(cut.machineId, long.machineId);
  });

  it('is decoded whatever is in it', () => {
    assert.equal(decodeReservation(Buffer.alloc(4096)), 'empty');
    const good = encodeReservation(reservation, 512);
    for (let at = 0; at < 512; at += 1) {
      for (const value of [0, 1, 0x22, 0x7d, 0xff]) {
        const block = Buffer.from(good);
        block[at] = value;
        const decoded = decodeReservation(block);
        assert.ok(decoded === null || (decoded !== 'empty' && decoded.uuid.length === 36));
      }
    }
    for (const line of ['{}', '[]', 'null', '"x"', '{"vmftDisk":2}', '{"vmftFlag":1}']) {
      assert.equal(decodeReservation(Buffer.from(line.padEnd(512, '\0'))), null, line);
    }
  });

  it('is not made over something else', async () => {
    const storage = new MemoryStorage();
    storage.blocks.set(0, Buffer.alloc(512, 'x'));
    const disk = storage.open();
    for (const attempt of [
      readReservation(disk),
      claimReservation(disk, a, random),
      markCopying(disk, a, b, random),
      releaseReservation(disk, random),
    ]) {
      assert.equal(await rejection(attempt), 'disk-unusable');
    }
    assert.equal(storage.writes, 0);
  });

  it('is found done after a write whose answer was lost', async () => {
    const storage = new MemoryStorage();
    const disk = storage.open();
    storage.afterWrite = () => {
      throw new VmftError('disk-unavailable', 'no answer');
    };
    assert.equal(await rejection(claimReservation(disk, a, random)), 'disk-unavailable');
    storage.afterWrite = () => undefined;
    await claimReservation(disk, a, random);
    assert.equal(storage.writes, 1);
  });
});
