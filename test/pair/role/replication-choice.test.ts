import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { GuestDisk } from '../../../src/flow/machine/machine.js';
import {
  chooseReplication,
  replicationObjection,
} from '../../../src/pair/role/replication-choice.js';

describe('the choice of a replication', () => {
  const chosen = (...of: Parameters<typeof chooseReplication>): string => {
    const choice = chooseReplication(...of);
    return typeof choice === 'string' ? choice : `${choice.replication}: ${choice.why}`;
  };

  it('is replay where both sides are exact, else checkpoints, and says why', () => {
    assert.equal(chosen('auto', true, true), 'replay: both hosts’ positions are exact');
    assert.equal(chosen('auto', true, false), 'checkpoint: the backup does not replay');
    assert.equal(chosen('auto', false, true), 'checkpoint: positions are not exact here');
  });

  it('is what was asked for, or none', () => {
    assert.equal(chosen('checkpoint', true, true), 'checkpoint: asked for');
    assert.equal(chosen('replay', true, true), 'replay: asked for');
    assert.match(chosen('replay', true, false), /by replay only, which the backup cannot/);
  });

  it('needs shared disks for checkpoints', () => {
    const shared: GuestDisk = {
      ...{ capacityBytes: 1n << 30n, blockBytes: 512, holding: 'shared', readOnly: false },
      ...{ readsOnBackup: false, serial: 'disk', url: 'file:/a', uuid: '' },
    };
    const own: GuestDisk = { ...shared, holding: 'private' };
    assert.equal(replicationObjection('checkpoint', []), null);
    assert.equal(replicationObjection('checkpoint', [shared]), null);
    assert.equal(replicationObjection('replay', [own]), null);
    assert.equal(replicationObjection('checkpoint', [shared, own])?.code, 'disk-unusable');
  });
});
