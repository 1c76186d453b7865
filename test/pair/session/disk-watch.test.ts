import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { pairNotice } from '../../../src/cli/pair-notice.js';
import type { GuestDisk, MachineStatus } from '../../../src/flow/machine/machine.js';
import { DiskWatch } from '../../../src/pair/session/disk-watch.js';
import { exampleGuest } from '../../flow/log/example-guest.js';
import { FakeMachine } from '../../flow/machine/fake-machine.js';

const disk: GuestDisk = {
  capacityBytes: 512n,
  blockBytes: 512,
  holding: 'shared',
  readOnly: false,
  readsOnBackup: false,
  serial: '',
  url: 'iscsi://10.0.1.3/target/1',
  uuid: '',
};

class TroubledMachine extends FakeMachine {
  trouble = '';

  override status(): MachineStatus {
    const counts = { pending: 0n, issued: 0n, reads: 0n, writes: 0n, flushes: 0n };
    const bytes = { bytesRead: 0n, bytesWritten: 0n };
    const status = { ...counts, ...bytes };
    const disks = [
      { ...status, trouble: '' },
      { ...status, trouble: this.trouble },
    ];
    return { ...super.status(), disks };
  }
}

const none = (): void => undefined;
const events = { segment: none, console: none, executed: none, live: none, stopped: none };

describe('the watch over disks', () => {
  it('tells of trouble once, of another one, and of its end', () => {
    const config = { ...exampleGuest, disks: [disk, disk] };
    const machine = new TroubledMachine(config, events, { show: none, entropy: () => 1 });
    const watch = new DiskWatch();
    assert.deepEqual(watch.look(machine, 0), []);
    machine.trouble = 'the target does not answer';
    const told = watch.look(machine, 1_000);
    assert.deepEqual(told, [
      { type: 'disk-trouble', disk: 1, url: disk.url, trouble: 'the target does not answer' },
    ]);
    assert.deepEqual(watch.look(machine, 2_000), []);
    machine.trouble = 'no space left';
    assert.equal(watch.look(machine, 3_000).length, 1);
    machine.trouble = '';
    const over = watch.look(machine, 9_000);
    assert.deepEqual(over, [{ type: 'disk-recovered', disk: 1, url: disk.url, troubleMs: 8_000 }]);
    const lines = [...told, ...over].map((event) =>
      pairNotice({ ...event, atMs: 0, realtimeMs: 0 }, true),
    );
    assert.deepEqual(lines, [
      'disk 1 (iscsi://10.0.1.3/target/1) waits: the target does not answer',
      'disk 1 (iscsi://10.0.1.3/target/1) goes on after 8 s',
    ]);
  });
});
