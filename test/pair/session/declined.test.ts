import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { VmftError } from '../../../src/base/errors.js';
import { describeCpu } from '../../../src/flow/machine/guest-cpu.js';
import { pairNotice } from '../../../src/cli/pair-notice.js';
import { joinAsBackup } from '../../../src/pair/session/join-as-backup.js';
import { runPrimary } from '../../../src/pair/session/run-primary.js';
import type { Session, SessionOptions } from '../../../src/pair/session/session.js';
import { exampleCpu, exampleGuest } from '../../flow/log/example-guest.js';
import { TwoHosts } from './two-hosts.js';

const guest = { ...exampleGuest, cpu: exampleCpu };
let hosts: TwoHosts;

beforeEach(async () => {
  hosts = await TwoHosts.open('declined');
});

afterEach(() => hosts.close());

async function startPrimary(accelerator: string): Promise<Session> {
  const session = await runPrimary({
    ...hosts.primarySide.options,
    ...{ accelerator, guest, arbiter: hosts.arbiter, recordTo: null },
    listen: { host: '127.0.0.1', port: 0 },
  });
  hosts.sessions.push(session);
  return session;
}

async function join_(primary: Session, options: Partial<SessionOptions>): Promise<Session> {
  const { listening } = primary.status();
  assert.ok(listening !== null);
  const session = await joinAsBackup({
    ...hosts.backupSide.options,
    ...options,
    ...{ primary: listening, arbiter: hosts.arbiter, memoryBytesMax: null, listen: null },
  });
  hosts.sessions.push(session);
  return session;
}

describe('a backup whose host cannot be the machine', () => {
  it('declines with the reason, which both sides print in a line; the primary runs on', async () => {
    const primary = await startPrimary('kvm');
    const backup = await join_(primary, {
      accelerator: 'kvm',
      createMachine: ({ cpu }) => {
        assert.deepEqual(cpu, exampleCpu, 'the guest’s CPU came whole');
        throw new VmftError(
          'accelerator-unavailable',
          `this host cannot run the guest's CPU: it is ${describeCpu(exampleCpu)}, and this is another`,
          'use a host of the same CPU model',
        );
      },
    });
    const end = await backup.ended;
    assert.equal(end.error?.code, 'accelerator-unavailable');
    assert.match(end.message, /AuthenticAMD family 23 model 49/);
    const failed = await hosts.primarySide.until('join-failed');
    assert.equal(failed.error.code, 'peer-refused');
    const line = pairNotice(failed, false) ?? '';
    assert.match(line, /^the join failed: the backup cannot take this machine: this host cannot/);
    assert.match(line, /AuthenticAMD family 23 model 49/);
    assert.equal(primary.status().role, 'alone');
    while (hosts.primarySide.machine?.mode !== 'live')
      await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(!readdirSync(hosts.directory).some((name) => name.endsWith('.taken')));
  });

  it('is asked no further where the accelerators differ: the primary refuses by name', async () => {
    const primary = await startPrimary('kvm');
    const backup = await join_(primary, { accelerator: 'soft' });
    const end = await backup.ended;
    assert.equal(end.error?.code, 'peer-refused');
    assert.match(end.message, /this primary runs on accelerator kvm, the backup on soft/);
    assert.equal(hosts.backupSide.machine, null);
  });

  it('may be followed by one that can', async () => {
    const primary = await startPrimary('kvm');
    const first = await join_(primary, {
      accelerator: 'kvm',
      createMachine: () => {
        throw new VmftError('memory-unavailable', 'this host has no memory left for the guest');
      },
    });
    assert.equal((await first.ended).error?.code, 'memory-unavailable');
    await hosts.primarySide.until('join-failed');
    await join_(primary, { accelerator: 'kvm' });
    await Promise.all([hosts.primarySide.until('formed'), hosts.backupSide.until('formed')]);
  });
});
