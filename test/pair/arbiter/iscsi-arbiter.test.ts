import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { VmftError } from '../../../src/base/errors.js';
import { claimReservation, releaseReservation } from '../../../src/flow/world/disk-reservation.js';
import { systemRandom } from '../../../src/flow/world/system-random.js';
import { flagBlock } from '../../../src/pair/arbiter/disk-flag.js';
import { decodeFlagBlock, encodeFlagBlock } from '../../../src/pair/arbiter/flag-block.js';
import { IscsiArbiter } from '../../../src/pair/arbiter/iscsi-arbiter.js';
import { describeArbiter, rejection } from './conformance.js';
import { MemoryStorage } from './memory-disk.js';

const openOn = async (storage: MemoryStorage): Promise<IscsiArbiter> => {
  const arbiter = new IscsiArbiter(storage.open(), () => Promise.resolve(storage.open()));
  await arbiter.prove();
  return arbiter;
};

for (const blockBytes of [512, 4096] as const) {
  describeArbiter(`a flag in a block of ${blockBytes} bytes`, false, async () => {
    const storage = new MemoryStorage(blockBytes);
    return {
      url: null,
      open: () => openOn(storage),
      spoil: async () => {
        storage.blocks.set(flagBlock, Buffer.alloc(blockBytes, 'x'));
      },
      remove: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        assert.equal(storage.opened, 0, 'every opened disk is closed');
      },
    };
  });
}

describe('the arbiter on a disk', () => {
  const a = { machineId: 'm', generation: 1n, replicaId: 'a' };
  const b = { ...a, replicaId: 'b' };
  const lost = new VmftError('disk-unavailable', 'no answer');
  const raise = (): never => {
    throw lost;
  };

  it('finds its own flag after a write whose answer was lost', async () => {
    const storage = new MemoryStorage();
    const arbiter = await openOn(storage);
    await arbiter.form(a);
    storage.afterWrite = raise;
    assert.equal(await rejection(arbiter.testAndSet(a)), 'arbiter-unreachable');
    storage.afterWrite = () => undefined;
    assert.deepEqual(await arbiter.testAndSet(a), { kind: 'won' });
    assert.deepEqual(await arbiter.testAndSet(b), { kind: 'lost', winner: 'a' });
    arbiter.close();
  });

  it('opens the disk again when it was lost, and is unreachable until then', async () => {
    const storage = new MemoryStorage();
    let reopening = 0;
    let reopens = false;
    const arbiter = new IscsiArbiter(storage.open(), async () => {
      reopening += 1;
      return reopens ? storage.open() : raise();
    });
    await arbiter.form(a);
    storage.before = raise;
    assert.equal(await rejection(arbiter.testAndSet(a)), 'arbiter-unreachable');
    storage.before = () => undefined;
    assert.equal(await rejection(arbiter.testAndSet(a)), 'arbiter-unreachable');
    reopens = true;
    assert.deepEqual(await arbiter.testAndSet(a), { kind: 'won' });
    assert.equal(reopening, 2);
    arbiter.close();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(storage.opened, 0);
  });

  it('tells a loser that may not write any more that it has lost', async () => {
    const storage = new MemoryStorage();
    const arbiter = await openOn(storage);
    await arbiter.form(a);
    await arbiter.testAndSet(b);
    storage.before = (operation) => {
      if (operation === 'write') raise();
    };
    assert.deepEqual(await arbiter.testAndSet(a), { kind: 'lost', winner: 'b' });
    arbiter.close();
  });

  it('does not give away a generation that it does not know', async () => {
    const storage = new MemoryStorage();
    const arbiter = await openOn(storage);
    assert.equal(await rejection(arbiter.testAndSet(a)), 'arbiter-unusable');
    await arbiter.form(a);
    await arbiter.testAndSet(a);
    // Cleared while it counts: the other replica must not win what was given away.
    storage.blocks.clear();
    assert.equal(await rejection(arbiter.testAndSet(b)), 'arbiter-unusable');
    await arbiter.form({ ...a, generation: 2n });
    assert.equal(await rejection(arbiter.testAndSet({ ...b, generation: 3n })), 'arbiter-unusable');
    assert.equal(await rejection(arbiter.form({ ...b, generation: 1n })), 'arbiter-unusable');
    arbiter.close();
  });

  it('refuses the flag of another machine, unless the disk has changed hands since', async () => {
    const storage = new MemoryStorage();
    const arbiter = await openOn(storage);
    const disk = storage.open();
    await claimReservation(disk, { machineId: 'm', replicaId: 'a' }, systemRandom);
    await arbiter.form(a);
    const other = { machineId: 'n', generation: 1n, replicaId: 'x' };
    await assert.rejects(
      arbiter.form(other),
      ({ code, message, whatToDo }: VmftError) =>
        code === 'arbiter-unusable' &&
        /machine m, generation 1, since 20.*in use by machine m/.test(message) &&
        whatToDo.includes('vmft disk release iscsi://memory/disk/1'),
    );
    await releaseReservation(disk, systemRandom);
    assert.equal(await rejection(arbiter.form(other)), 'arbiter-unusable');
    await claimReservation(disk, { machineId: 'n', replicaId: 'x' }, systemRandom);
    await arbiter.form(other);
    assert.equal(await rejection(arbiter.testAndSet(a)), 'arbiter-unusable');
    assert.deepEqual(await arbiter.testAndSet(other), { kind: 'won' });
    arbiter.close();
  });

  it('is refused at the start where there is no compare and write, and nothing is written', async () => {
    const storage = new MemoryStorage(512, false);
    assert.equal(await rejection(openOn(storage)), 'arbiter-unusable');
    const foreign = new MemoryStorage();
    foreign.blocks.set(flagBlock, Buffer.alloc(512, 1));
    assert.equal(await rejection(openOn(foreign)), 'arbiter-unusable');
    assert.equal(storage.writes + foreign.writes, 0);
  });
});

describe('the flag’s block', () => {
  const mark = { replicaId: 'r'.repeat(32), host: 'h'.repeat(64), at: '2026-01-01T00:00:00.000Z' };
  const flag = { machineId: 'm'.repeat(64), generation: 2n ** 64n - 1n, formed: mark, taken: mark };

  it('has room for the longest names of a machine, and cuts those of hosts', () => {
    const block = encodeFlagBlock(flag, 512);
    assert.equal(block.length, 512);
    const decoded = decodeFlagBlock(block);
    assert.ok(decoded !== null && decoded !== 'empty');
    assert.equal(decoded.machineId, flag.machineId);
    assert.equal(decoded.taken?.replicaId, mark.replicaId);
    assert.deepEqual(decodeFlagBlock(encodeFlagBlock(flag, 4096)), flag);
    const long = { ...flag, machineId: 'm'.repeat(400) };
    assert.throws(() => encodeFlagBlock(long, 512), { code: 'bad-argument' });
  });

  it('is decoded whatever is in it', () => {
    assert.equal(decodeFlagBlock(Buffer.alloc(512)), 'empty');
    const good = encodeFlagBlock({ ...flag, taken: null }, 4096);
    for (let at = 0; at < 600; at += 1) {
      for (const value of [0, 1, 0x22, 0xff]) {
        const block = Buffer.from(good);
        block[at] = value;
        const decoded = decodeFlagBlock(block);
        assert.ok(decoded === null || decoded === 'empty' || decoded.formed.replicaId !== '');
      }
    }
    for (const line of ['{}', '[]', 'null', '1', '{"vmftFlag":1}', '{"vmftDisk":1}']) {
      assert.equal(decodeFlagBlock(Buffer.from(line.padEnd(512, '\0'))), null);
    }
  });
});
