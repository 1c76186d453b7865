import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { ReplicaStatus } from '../../../src/host/supervision/replica-port.js';
import {
  viewAfter,
  viewOfStatus,
  type ReplicaView,
} from '../../../src/host/supervision/replica-view.js';

const fresh: ReplicaView = {
  role: 'starting',
  generation: 0,
  replicaId: '',
  sinceRealtimeMs: 0,
  trouble: '',
  end: null,
};

function after(...events: readonly (readonly [string, object?])[]): ReplicaView {
  return events.reduce<ReplicaView>(
    (view, [type, fields], index) => viewAfter(view, { type, realtimeMs: index + 1, ...fields }),
    fresh,
  );
}

function status(change: Partial<ReplicaStatus>): ReplicaStatus {
  return {
    machineId: 'id1',
    replicaId: 'r1',
    role: 'alone',
    phase: 'alone',
    generation: 0,
    listening: '',
    replication: '',
    memoryBytes: 0,
    processId: 1,
    trouble: '',
    copy: null,
    ...change,
  };
}

void describe('what a replica is, by what it tells', () => {
  test('a primary’s life', () => {
    const formed = [
      ['started', { replicaId: 'r1' }],
      ['joining'],
      ['formed', { role: 'primary', generation: 1 }],
    ] as const;
    const pair = after(...formed);
    assert.deepEqual(
      [pair.role, pair.generation, pair.replicaId, pair.sinceRealtimeMs],
      ['primary', 1, 'r1', 3],
    );
    assert.equal(after(...formed, ['backup-lost', { generation: 1 }]).role, 'alone');
  });

  test('a backup’s life', () => {
    const formed = [['joining'], ['formed', { role: 'backup', generation: '4' }]] as const;
    assert.deepEqual([after(...formed).role, after(...formed).generation], ['backup', 4]);
    assert.equal(after(...formed, ['suspected'], ['going-live']).role, 'backup');
    assert.equal(after(...formed, ['live', { generation: 4 }]).role, 'alone');
    assert.equal(after(...formed, ['diverged'], ['rebuilding', {}]).role, 'joining');
  });

  test('a join that fails says why, and the next one that comes about clears it', () => {
    const failed = after(
      ['started'],
      ['join-failed', { error: { code: 'x', message: 'no room' } }],
    );
    assert.deepEqual([failed.role, failed.trouble], ['alone', 'no room']);
    assert.equal(viewAfter(failed, { type: 'formed', realtimeMs: 9, role: 'primary' }).trouble, '');
  });

  test('its end', () => {
    const { end } = after([
      'ended',
      { end: { reason: 'power-off', message: 'off', exitStatus: 0 } },
    ]);
    assert.deepEqual(end, { reason: 'power-off', message: 'off' });
    assert.equal(after(['ended']).end?.reason, 'internal');
  });

  test('rubbish in an event is no crash', () => {
    const view = after(
      ['formed', { role: 7, generation: {} }],
      ['join-failed', { error: null }],
      ['what'],
    );
    assert.deepEqual([view.role, view.generation], ['backup', 0]);
  });

  test('what it says of itself: a joining backup is none yet', () => {
    const role = (change: Partial<ReplicaStatus>, view = fresh): string =>
      viewOfStatus(view, status(change), 5).role;
    assert.equal(role({}), 'alone');
    assert.equal(role({ role: 'backup', phase: 'joining' }), 'joining');
    assert.equal(role({ role: 'backup', phase: 'ready' }), 'joining');
    assert.equal(role({ role: 'backup', phase: 'following' }), 'backup');
    assert.equal(role({ role: 'backup', phase: 'arbitrating' }), 'backup');
    assert.equal(role({ role: 'none', phase: 'starting' }), 'joining');
    // One that was live is so until its process is gone.
    assert.equal(role({ role: 'none', phase: 'ended' }, { ...fresh, role: 'primary' }), 'primary');
  });
});
