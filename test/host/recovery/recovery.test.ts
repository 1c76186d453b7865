import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { HostDescription } from '../../../src/host/api/methods.js';
import type { MachineRecord } from '../../../src/host/machine/machine-record.js';
import { endingOf } from '../../../src/host/recovery/ending.js';
import {
  decideRecovery,
  type Recovery,
  type RecoveryQuestion,
} from '../../../src/host/recovery/recovery.js';
import { host, machineRecord, machineSpec, replica, silent } from '../described.js';

const mine: RecoveryQuestion['lastLive'] = { replicaId: 'replica-here' };

function decide(
  others: readonly HostDescription[],
  lastLive: RecoveryQuestion['lastLive'] = mine,
  change: Partial<MachineRecord> = {},
): Recovery {
  return decideRecovery({ record: machineRecord(change), others, lastLive });
}

function waits(recovery: Recovery): string {
  assert.equal(recovery.do, 'wait');
  return 'because' in recovery ? recovery.because : '';
}

void describe('what becomes of a machine whose process is gone', () => {
  test('another host has it live: it is that one’s', () => {
    for (const role of ['alone', 'primary']) {
      const recovery = decide([silent('c'), host('b', { replicas: [replica(role)] })]);
      assert.deepEqual(recovery, { do: 'forget', because: 'b has it live' });
    }
  });

  test('also under another id: an operator has started it there', () => {
    const recovery = decide([
      host('b', { replicas: [replica('alone', { of: { machineId: 'id2' } })] }),
    ]);
    assert.equal(recovery.do, 'forget');
  });

  test('a backup may be about to go live', () => {
    for (const role of ['backup', 'joining']) {
      const because = waits(decide([host('b', { replicas: [replica(role)] })]));
      assert.match(because, /backup on b has not gone live/);
    }
  });

  test('who does not answer may have it', () => {
    assert.match(waits(decide([host('b'), silent('c')])), /^c may have it/);
  });

  test('but for a host that may not', () => {
    const spec = machineSpec({ hosts: ['a', 'b'] });
    assert.deepEqual(decide([host('b'), silent('c')], mine, { spec }), { do: 'start' });
  });

  test('all answer, none has it, and this one had it last: it starts', () => {
    assert.deepEqual(decide([host('b'), host('c')]), { do: 'start' });
    assert.deepEqual(decide([]), { do: 'start' });
  });

  test('the whole cluster was down: who had it last starts it, by the arbiter, not by what each remembers', () => {
    const lost = host('b', {
      replicas: [replica('lost', { replicaId: 'replica-b', generation: 1 })],
    });
    assert.deepEqual(decide([lost], mine, { role: 'backup' }), { do: 'start' });
    assert.match(
      waits(decide([lost], { replicaId: 'replica-b' }, { role: 'primary' })),
      /^b had it last/,
    );
  });

  test('nobody knows who had it last', () => {
    assert.match(
      waits(decide([host('b')], { replicaId: 'another' })),
      /replica another had it last/,
    );
    assert.match(waits(decide([host('b')], { unknown: 'no quorum' })), /no quorum/);
  });

  test('never protected: live here, or not', () => {
    const never = { replicaId: null };
    assert.deepEqual(decide([host('b')], never, { role: 'alone' }), { do: 'start' });
    assert.match(waits(decide([host('b')], never, { role: 'joining' })), /never live here/);
  });

  test('the guest ended elsewhere: it is over', () => {
    const recovery = decide([host('b', { replicas: [replica('stopped')] })]);
    assert.equal(recovery.do, 'forget');
    // An earlier machine of the name says nothing of this one.
    const earlier = host('b', { replicas: [replica('stopped', { of: { machineId: 'id0' } })] });
    assert.deepEqual(decide([earlier]), { do: 'start' });
  });
});

void describe('what the end of a replica means', () => {
  const spec = { onReset: 'start' } as const;
  const kind = (
    reason: string | null,
    live: boolean,
    of: { onReset: 'start' | 'end' } = spec,
  ): string => endingOf(reason === null ? null : { reason, message: '' }, live, of).kind;

  test('the guest’s own end', () => {
    assert.equal(kind('power-off', true), 'stopped');
    assert.equal(kind('power-off', false), 'stopped');
    assert.equal(kind('triple-fault', true), 'stopped');
  });

  test('a reset', () => {
    assert.equal(kind('guest-reset', true), 'start-again');
    // Its primary starts it again, unless that one is gone.
    assert.equal(kind('guest-reset', false), 'lost');
    assert.equal(kind('guest-reset', true, { onReset: 'end' }), 'stopped');
  });

  test('given away, or lost to the other replica', () => {
    assert.equal(kind('handed-over', true), 'gone');
    assert.equal(kind('arbitration-lost', true), 'gone');
    assert.equal(kind('arbitration-lost', false), 'gone');
  });

  test('an end that is not the guest’s', () => {
    assert.equal(kind(null, true), 'lost');
    assert.equal(kind(null, false), 'lost');
    assert.equal(kind('stopped', true), 'lost');
    assert.equal(kind('internal', true), 'lost');
    assert.equal(kind('disk-failed', false), 'gone');
    assert.equal(kind('divergence', false), 'gone');
  });
});
