import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { OperationSlots } from '../../../src/host/operation/operation-slots.js';

const move = { what: 'move of the backup to c', askedBy: 'operator ann' };
const stop = { what: 'power off', askedBy: 'operator bob' };

void describe('operations', () => {
  test('a second one is refused with the first one’s name and who asked for it', async () => {
    const slots = new OperationSlots();
    let finish = (): void => undefined;
    const first = slots.during(
      'vm1',
      move,
      () => new Promise<void>((resolve) => (finish = resolve)),
    );
    const refused = slots.during('vm1', stop, () => Promise.resolve());
    await assert.rejects(refused, (error: Error & { code?: string }) => {
      assert.equal(error.code, 'machine-busy');
      assert.match(error.message, /vm1: move of the backup to c, asked for by operator ann/);
      return true;
    });
    assert.equal(slots.of('vm1'), move);
    finish();
    await first;
    assert.equal(slots.of('vm1'), null);
    assert.equal(await slots.during('vm1', stop, () => Promise.resolve(7)), 7);
  });

  test('machines do not wait for each other', async () => {
    const slots = new OperationSlots();
    slots.begin('vm1', move);
    assert.equal(await slots.during('vm2', stop, () => Promise.resolve('done')), 'done');
  });

  test('one that fails gives the machine free', async () => {
    const slots = new OperationSlots();
    await assert.rejects(
      slots.during('vm1', move, () => Promise.reject(new Error('no'))),
      /no/,
    );
    assert.equal(slots.of('vm1'), null);
  });

  test('only the one that began it ends it', () => {
    const slots = new OperationSlots();
    slots.begin('vm1', move);
    slots.end('vm1', { ...move });
    assert.equal(slots.of('vm1'), move);
  });
});
