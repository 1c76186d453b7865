import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { VmftError } from '../../../src/base/errors.js';
import type { GuestConfig, GuestDisk } from '../../../src/flow/machine/machine.js';
import { joinAsBackup } from '../../../src/pair/session/join-as-backup.js';
import type { DiskPort } from '../../../src/pair/session/ports.js';
import { runPrimary } from '../../../src/pair/session/run-primary.js';
import type { Session } from '../../../src/pair/session/session.js';
import { exampleGuest } from '../../flow/log/example-guest.js';
import { FakeDisk } from './fake-disk.js';
import { TwoHosts } from './two-hosts.js';

const mib = 1 << 20;
const capacity = 24 * mib;

/** Real channels, real storage for the arbiter, fake machines and disks. */
let hosts: TwoHosts;
let source: FakeDisk;
let copy: FakeDisk;

beforeEach(async () => {
  hosts = await TwoHosts.open('copied');
  source = new FakeDisk(capacity);
  // Three pieces of data, one of which crosses chunks, among zeroes.
  source.bytes.fill(1, 0, 4096);
  for (let at = 5 * mib; at < 9 * mib; at += 512) source.bytes.writeUInt32LE(at, at);
  source.bytes.fill(3, capacity - 512);
  copy = new FakeDisk(capacity + mib, 0xee);
});

afterEach(() => hosts.close());

const privateDisk: GuestDisk = {
  capacityBytes: BigInt(capacity),
  blockBytes: 512,
  holding: 'private',
  readOnly: false,
  readsOnBackup: false,
  serial: '',
  url: 'fake:',
  uuid: '',
};
const sharedDisk: GuestDisk = { ...privateDisk, holding: 'shared' };
const guest: GuestConfig = { ...exampleGuest, disks: [sharedDisk, privateDisk] };

function port(disk: FakeDisk, prepared: (done: Done) => void = (done) => done(null)): DiskPort {
  return {
    prepare: (config, user, _primary, done) => {
      assert.deepEqual(config.disks, guest.disks);
      assert.notEqual(user.replicaId, '');
      prepared(done);
    },
    opened: (index) => (index === 1 ? disk : null),
  };
}

type Done = (error: VmftError | null) => void;

async function startPrimary(): Promise<Session> {
  const session = await runPrimary({
    ...hosts.primarySide.options,
    ...{ guest, arbiter: hosts.arbiter, recordTo: null, disks: port(source) },
    listen: { host: '127.0.0.1', port: 0 },
  });
  hosts.sessions.push(session);
  return session;
}

async function join(primary: Session, disks = port(copy)): Promise<Session> {
  const { listening } = primary.status();
  assert.ok(listening !== null);
  const session = await joinAsBackup({
    ...hosts.backupSide.options,
    ...{ primary: listening, arbiter: hosts.arbiter, memoryBytesMax: null, listen: null, disks },
  });
  hosts.sessions.push(session);
  return session;
}

/** The guest writes, as its native disk queue would have it. */
function guestWrites(offset: number, bytes: number, value: number): void {
  source.bytes.fill(value, offset, offset + bytes);
  hosts.primarySide.machine?.diskChanged(1, { offset: BigInt(offset), bytes: BigInt(bytes) });
}

function assertCopied(): void {
  assert.ok(copy.bytes.subarray(0, capacity).equals(source.bytes.subarray(0, capacity)));
}

function bothFormed(): Promise<unknown> {
  return Promise.all([hosts.primarySide.until('formed'), hosts.backupSide.until('formed')]);
}

describe('a join with private disks', () => {
  it('copies what is not zero, and flushes before the pair is formed', async () => {
    await join(await startPrimary());
    await bothFormed();
    assertCopied();
    assert.equal(copy.cleared, 1);
    assert.ok(copy.flushes > 0);
    assert.ok(copy.written < 7 * mib, `${copy.written} bytes were written`);
    assert.deepEqual(hosts.primarySide.machine?.tracked, []);
    const shown = await hosts.primarySide.until('copy');
    assert.ok(shown.leftBytes <= capacity + guest.memoryBytes);
    assert.ok(copy.flushes >= 2, 'once before the pause, once in it');
  });

  it('copies again what the guest changes meanwhile, and to zero', async () => {
    let reads = 0;
    source.beforeRead = () => {
      reads += 1;
      // Behind the copying, across earlier data, and to zero.
      if (reads === 3) guestWrites(0, 4096, 9);
      if (reads === 5) guestWrites(5 * mib, 2 * mib, 0);
      if (reads === 8) guestWrites(20 * mib, 512, 7);
    };
    await join(await startPrimary());
    await bothFormed();
    assertCopied();
  });

  it('ends where the guest’s disk does, on a host whose disk is larger', async () => {
    source = new FakeDisk(capacity + mib, 0x21);
    let reads = 0;
    source.beforeRead = () => {
      reads += 1;
      // Changes are told in granules.
      const last = { offset: BigInt(capacity - 512), bytes: 65_536n };
      if (reads === 3) hosts.primarySide.machine?.diskChanged(1, last);
    };
    await join(await startPrimary());
    await bothFormed();
    assertCopied();
  });

  it('comes to an end when the guest writes as fast as it is copied', async () => {
    source.beforeRead = () => {
      if (hosts.primarySide.machine?.mode === 'live') guestWrites(0, 8 * mib, 5);
    };
    await join(await startPrimary());
    await bothFormed();
    assertCopied();
  });

  it('copies the last changes while the guest is paused', async () => {
    const primary = await startPrimary();
    const { machine } = hosts.primarySide;
    assert.ok(machine !== null);
    const pauseNow = machine.pauseNow.bind(machine);
    machine.pauseNow = () => {
      pauseNow();
      guestWrites(12 * mib, 3 * mib, 0x44);
    };
    await join(primary);
    await bothFormed();
    assertCopied();
  });

  it('is whole before the backup’s machine issues what was under way', async () => {
    const primary = await startPrimary();
    const { machine } = hosts.primarySide;
    assert.ok(machine !== null);
    const pauseNow = machine.pauseNow.bind(machine);
    machine.pauseNow = () => {
      pauseNow();
      guestWrites(12 * mib, 3 * mib, 0x44);
    };
    const clear = copy.clear.bind(copy);
    const writeRange = copy.writeRange.bind(copy);
    copy.writeRange = async (offset, data) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await writeRange(offset, data);
    };
    let started = 0;
    copy.clear = async () => {
      const made = hosts.backupSide.machine;
      assert.ok(made !== null);
      const startReplica = made.startReplica.bind(made);
      made.startReplica = (options) => {
        assertCopied();
        assert.ok(copy.flushes > 0);
        started += 1;
        startReplica(options);
      };
      await clear();
    };
    await join(primary);
    await bothFormed();
    assert.equal(started, 1);
  });

  it('leaves the primary as it was when the backup is cut off in the midst of it', async () => {
    const primary = await startPrimary();
    copy.stuck = true;
    const backup = await join(primary);
    while (primary.status().phase !== 'copying') await tick();
    assert.deepEqual(hosts.primarySide.machine?.tracked, [1]);
    backup.stop('cut off');
    await backup.ended;
    copy.stuck = false;
    await hosts.primarySide.until('join-failed');
    assert.equal(primary.status().phase, 'alone');
    assert.equal(hosts.primarySide.machine?.mode, 'live');
    assert.deepEqual(hosts.primarySide.machine?.tracked, []);
  });

  it('may be tried again, and then copies everything', async () => {
    const primary = await startPrimary();
    copy.fault = new VmftError('disk-unavailable', 'no space left for the copy');
    const first = await join(primary);
    assert.equal((await first.ended).error?.code, 'disk-unavailable');
    const failed = await hosts.primarySide.until('join-failed');
    assert.match(failed.error.message, /cannot take this machine: no space left for the copy/);
    copy.fault = null;
    copy.bytes.fill(0x11);
    await join(primary);
    await bothFormed();
    assertCopied();
  });

  it('fails where the primary cannot read its disk; the guest runs on', async () => {
    source.beforeRead = () => {
      throw new VmftError('disk-unavailable', 'the disk does not answer');
    };
    const primary = await startPrimary();
    const backup = await join(primary);
    assert.equal((await backup.ended).error?.code, 'disk-unavailable');
    assert.equal(primary.status().phase, 'alone');
    assert.equal(hosts.primarySide.machine?.mode, 'live');
  });
});

describe('a backup whose host has not the machine’s disks', () => {
  it('declines before the guest is paused', async () => {
    const primary = await startPrimary();
    const { machine } = hosts.primarySide;
    assert.ok(machine !== null);
    machine.pauseNow = () => assert.fail('the guest was paused');
    const error = new VmftError('disk-not-shared', 'the primary’s disk 0 is another one');
    const backup = await join(
      primary,
      port(copy, (done) => setImmediate(done, error)),
    );
    assert.equal((await backup.ended).error?.code, 'disk-not-shared');
    const failed = await hosts.primarySide.until('join-failed');
    assert.match(failed.error.message, /the primary’s disk 0 is another one/);
    assert.equal(hosts.backupSide.machine, null);
    assert.equal(primary.status().phase, 'alone');
  });

  it('declines when it was given none', async () => {
    const primary = await startPrimary();
    const { listening } = primary.status();
    assert.ok(listening !== null);
    const backup = await joinAsBackup({
      ...hosts.backupSide.options,
      ...{ primary: listening, arbiter: hosts.arbiter, memoryBytesMax: null, listen: null },
    });
    hosts.sessions.push(backup);
    assert.equal((await backup.ended).error?.code, 'disk-unusable');
    await hosts.primarySide.until('join-failed');
  });

  it('may take its time: the guest runs meanwhile', async () => {
    const primary = await startPrimary();
    let done: Done = () => undefined;
    await join(
      primary,
      port(copy, (given) => {
        done = given;
      }),
    );
    while (primary.status().phase !== 'preparing') await tick();
    const before = hosts.primarySide.machine?.state.tick ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok((hosts.primarySide.machine?.state.tick ?? 0) > before);
    done(null);
    await bothFormed();
    assertCopied();
  });
});

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}
