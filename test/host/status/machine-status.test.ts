import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { HostDescription, MachineStatus } from '../../../src/host/api/methods.js';
import { machineStatuses } from '../../../src/host/status/machine-status.js';
import { host, replica, silent } from '../described.js';

function status(...hosts: HostDescription[]): MachineStatus {
  const all = machineStatuses(hosts);
  assert.equal(all.length, 1);
  return all[0] as MachineStatus;
}

const on = (
  name: string,
  role: string,
  change: Parameters<typeof replica>[1] = {},
): HostDescription => host(name, { replicas: [replica(role, change)] });

void describe('the status of a machine', () => {
  test('protected', () => {
    const { state, primary, backup, note, generation } = status(
      on('a', 'primary'),
      on('b', 'backup'),
      host('c'),
    );
    assert.deepEqual([state, primary, backup, note, generation], ['protected', 'a', 'b', '', 1]);
  });

  test('a pair of which the backup has not heard yet', () => {
    const { state, primary, backup } = status(on('a', 'primary'), on('b', 'joining'));
    assert.deepEqual([state, primary, backup], ['protecting', 'a', 'b']);
  });

  test('the backup is gone, and the primary has not noticed yet', () => {
    const { state, primary, backup, note } = status(on('a', 'primary'), host('b'));
    assert.deepEqual(
      [state, primary, backup, note],
      ['unprotected', 'a', '', 'its backup is gone'],
    );
  });

  test('protected, and the backup’s daemon is away', () => {
    const { state, primary, backup, note } = status(on('a', 'primary'), silent('b'));
    assert.deepEqual([state, primary, backup], ['protected', 'a', '']);
    assert.match(note, /backup is on b, which does not answer/);
  });

  test('protected, and the primary’s daemon is away: the backup hears it', () => {
    const { state, primary, backup, note } = status(
      silent('a'),
      on('b', 'backup', { phase: 'following' }),
    );
    assert.deepEqual([state, primary, backup], ['protected', '', 'b']);
    assert.match(note, /its primary lives, on a/);
  });

  test('failing over', () => {
    for (const phase of ['waiting', 'arbitrating', 'going-live']) {
      const { state, primary, backup } = status(silent('a'), on('b', 'backup', { phase }));
      assert.deepEqual([state, primary, backup], ['failing-over', '', 'b']);
    }
    assert.equal(
      status(on('a', 'lost'), on('b', 'backup', { phase: 'following' })).state,
      'failing-over',
    );
  });

  test('unprotected, and why', () => {
    const failed = status(on('a', 'alone', { lastFailure: 'b is full' }), silent('b'));
    assert.deepEqual(
      [failed.state, failed.primary, failed.note],
      ['unprotected', 'a', 'b is full'],
    );
    const unwanted = status(on('a', 'alone', { of: { protected: false } }));
    assert.equal(unwanted.note, 'protection is not wanted');
  });

  test('protecting', () => {
    const { state, primary, backup } = status(on('a', 'alone'), on('b', 'joining'));
    assert.deepEqual([state, primary, backup], ['protecting', 'a', 'b']);
  });

  test('an old primary that does not know yet is no second machine', () => {
    const old = on('a', 'primary', { generation: 1 });
    const { state, primary, note, generation } = status(old, on('b', 'alone', { generation: 2 }));
    assert.deepEqual([state, primary, generation], ['unprotected', 'b', 2]);
    assert.match(note, /a has not heard yet that it is over/);
    // Of one generation, too: who is alone has won it.
    assert.equal(status(old, on('b', 'alone', { generation: 1 })).primary, 'b');
  });

  test('lost, and what it waits for', () => {
    const { state, primary, note } = status(
      on('a', 'lost', { trouble: 'its process died' }),
      silent('c'),
    );
    assert.deepEqual([state, primary], ['lost', '']);
    assert.match(note, /its process died; may be on c, which does not answer/);
  });

  test('starting, and stopped', () => {
    assert.equal(status(on('a', 'starting'), on('b', 'lost')).state, 'starting');
    const { state, note } = status(
      on('a', 'stopped', { trouble: 'powered off' }),
      on('b', 'stopped', { trouble: 'powered off' }),
    );
    assert.deepEqual([state, note], ['stopped', 'powered off']);
  });

  test('an operation is shown', () => {
    const { note } = status(
      on('a', 'alone', { operation: 'move of the backup to c, asked for by operator ann' }),
    );
    assert.match(note, /move of the backup to c/);
  });

  test('several machines, by name', () => {
    const two = host('a', {
      replicas: [replica('alone', { of: { name: 'vm2' } }), replica('alone')],
    });
    assert.deepEqual(
      machineStatuses([two]).map(({ name }) => name),
      ['vm1', 'vm2'],
    );
  });
});
