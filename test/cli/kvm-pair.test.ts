import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { asVmftError } from '../../src/base/errors.js';
import {
  kernelModeFailures,
  kvmPreflight,
  replayFailures,
} from '../../src/flow/machine/native-kvm.js';
import { TypedReplica } from './typed-replica.js';
import { vmft } from './vmft.js';

/** With the counters of tests, and guests that stay in kernel mode: a KVM that is no faithful machine will do. */
function kvmMissing(): string | null {
  try {
    const failures = kernelModeFailures(kvmPreflight());
    return failures.length === 0 ? null : `KVM fails at ${failures.map(({ name }) => name).join()}`;
  } catch (error) {
    return asVmftError(error).message;
  }
}

/** Whether this host's KVM fails at anything that an ordinary guest relies on. */
let unfaithful = true;
let folder = '';
const file = (name: string): string => join(folder, name);
const children: TypedReplica[] = [];

function replica(options: readonly string[]): TypedReplica {
  const made = new TypedReplica(options);
  children.push(made);
  return made;
}

/** Once the newest status line, of which there is one a second, tells of exits and stops. */
async function saysOwnExits(): Promise<void> {
  for (let wait = 0; wait < 100; wait++) {
    const status = readFileSync(file('events'), 'utf8')
      .trim()
      .split('\n')
      .filter((line) => line.includes('"status"'))
      .at(-1);
    const { stops } = JSON.parse(status ?? '{}') as { stops?: { ownExits: number } };
    if ((stops?.ownExits ?? 0) > 0) return;
    await setTimeout(100);
  }
  assert.fail('no status tells of exits and stops');
}

/** A guest with timers, recorded and replayed with the counters of tests. */
function recordAndReplay(): void {
  const log = file('timer.log');
  const kvm = ['--accel', 'kvm', '--counter', 'step'];
  const run = vmft(['run', 'timer', ...kvm, '--record', log]);
  assert.equal(run.status, 0, run.stderr);
  assert.match(run.stdout, /deadline done/);
  const whole = vmft(['replay', log, '--counter', 'simulated,skid=50,seed=3', '--json']);
  assert.equal(whole.status, 0, whole.stderr);
  const result = JSON.parse(whole.stdout) as {
    ticks: number;
    digestsChecked: number;
    end: string;
    stops: { ownExits: number; exactStops: number };
  };
  assert.equal(result.end, 'power-off');
  assert.ok(result.digestsChecked > 1 && result.stops.ownExits > 100);
  const half = Math.floor(result.ticks / 2);
  const part = vmft(['replay', log, '--counter', 'step', '--until', String(half), '--json']);
  assert.equal(part.status, 0, part.stderr);
  const { ticks, end } = JSON.parse(part.stdout) as { ticks: number; end: string };
  assert.equal(end, 'log-end');
  assert.ok(ticks >= half && ticks <= result.ticks, 'the first recorded position from there');
}

void describe('vmft on KVM, with the counters of tests', { skip: kvmMissing() ?? false }, () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'vmft-kvm-'));
    unfaithful = replayFailures(kvmPreflight()).length > 0;
  });
  after(() => {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  void test('records a guest and replays it, up to any tick, and refuses it nothing else', () => {
    // On a busy host whose KVM is in software, a replay in some ten diverges; why is not known yet (docs/kvm.md).
    let attempts = unfaithful ? 3 : 1;
    for (;;) {
      attempts -= 1;
      try {
        recordAndReplay();
        return;
      } catch (error) {
        if (attempts === 0) throw error;
      }
    }
  });

  void test('a backup goes live when the primary is killed', async () => {
    const common = ['--accel', 'kvm', '--arbiter', `file:${file('arbiter')}`];
    const settings = ['--suspect-after', '2000', '--suspect-after-broken', '500'];
    const primary = replica([
      ...['run', 'echo', ...common, ...settings, '--counter', 'step', '--listen', '127.0.0.1:0'],
      ...['--json-events', file('events')],
    ]);
    await primary.shows('console', /echo: ready/);
    const address = await primary.shows('notices', /accepting a backup at (\S+)/);
    const backup = replica([
      ...['backup', address, ...common, ...settings, '--counter', 'simulated,skid=100'],
    ]);
    await backup.shows('notices', /protected: this is the backup/);
    primary.type('first\n');
    await primary.shows('console', /echo: 5 bytes, checksum \d+/);
    primary.type('second\n');
    await primary.shows('console', /echo: 6 bytes, checksum \d+/);
    await saysOwnExits();
    primary.kill();
    await backup.shows('notices', /live \d+ ms after the suspicion/);
    assert.doesNotMatch(backup.notices, /diverged/);
    backup.type('third one\n');
    await backup.shows('console', /echo: 9 bytes, checksum \d+/);
  });

  void test('a backup on another accelerator is refused in one line on both sides', async () => {
    const arbiter = ['--arbiter', `file:${file('arbiter-2')}`];
    const primary = replica([
      ...['run', 'echo', '--accel', 'kvm', '--counter', 'step', ...arbiter],
      ...['--listen', '127.0.0.1:0'],
    ]);
    const address = await primary.shows('notices', /accepting a backup at (\S+)/);
    const refused = vmft(['backup', address, ...arbiter]);
    assert.equal(refused.status, 41, refused.stderr);
    assert.match(refused.stderr, /this primary runs on accelerator kvm, the backup on soft/);
  });
});
