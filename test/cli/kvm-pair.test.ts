import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { asVmftError } from '../../src/base/errors.js';
import { mainScript } from '../../src/cli/project-paths.js';
import { kernelModeFailures, kvmPreflight } from '../../src/flow/machine/native-kvm.js';
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

let folder = '';
const file = (name: string): string => join(folder, name);
const children: Replica[] = [];

/** A vmft with what it said. */
class Replica {
  console = '';
  notices = '';
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly waiting = new Set<() => void>();

  constructor(options: readonly string[]) {
    this.child = spawn(process.execPath, [mainScript, ...options]);
    this.child.stdin.on('error', () => undefined);
    this.child.stdout.on('data', (bytes: Buffer) => {
      this.console += bytes.toString('latin1');
      for (const look of [...this.waiting]) look();
    });
    this.child.stderr.on('data', (bytes: Buffer) => {
      this.notices += bytes.toString();
      for (const look of [...this.waiting]) look();
    });
    children.push(this);
  }

  type(text: string): void {
    this.child.stdin.write(text);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  shows(where: 'console' | 'notices', wanted: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`no ${String(wanted)} in ${this.console}\n${this.notices}`));
      }, 30_000);
      const look = (): void => {
        const found = wanted.exec(this[where]);
        if (found === null) return;
        clearTimeout(timer);
        this.waiting.delete(look);
        resolve(found[1] ?? '');
      };
      this.waiting.add(look);
      look();
    });
  }
}

void describe('vmft on KVM, with the counters of tests', { skip: kvmMissing() ?? false }, () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'vmft-kvm-'));
  });
  after(() => {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  void test('records a guest and replays it, up to any tick, and refuses it nothing else', () => {
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
  });

  void test('a backup goes live when the primary is killed', async () => {
    const common = ['--accel', 'kvm', '--arbiter', `file:${file('arbiter')}`];
    const settings = ['--suspect-after', '2000', '--suspect-after-broken', '500'];
    const primary = new Replica([
      ...['run', 'echo', ...common, ...settings, '--counter', 'step', '--listen', '127.0.0.1:0'],
      ...['--json-events', file('events')],
    ]);
    await primary.shows('console', /echo: ready/);
    const address = await primary.shows('notices', /accepting a backup at (\S+)/);
    const backup = new Replica([
      ...['backup', address, ...common, ...settings, '--counter', 'simulated,skid=100'],
    ]);
    await backup.shows('notices', /protected: this is the backup/);
    primary.type('first\n');
    await primary.shows('console', /echo: 5 bytes, checksum \d+/);
    primary.type('second\n');
    await primary.shows('console', /echo: 6 bytes, checksum \d+/);
    primary.kill();
    await backup.shows('notices', /live \d+ ms after the suspicion/);
    assert.doesNotMatch(backup.notices, /diverged/);
    backup.type('third one\n');
    await backup.shows('console', /echo: 9 bytes, checksum \d+/);
    const status = readFileSync(file('events'), 'utf8')
      .trim()
      .split('\n')
      .filter((line) => line.includes('"status"'))
      .at(-1);
    const { stops } = JSON.parse(status ?? '{}') as { stops?: { ownExits: number } };
    assert.ok((stops?.ownExits ?? 0) > 0, 'status tells of exits and stops');
  });

  void test('a backup on another accelerator is refused in one line on both sides', async () => {
    const arbiter = ['--arbiter', `file:${file('arbiter-2')}`];
    const primary = new Replica([
      ...['run', 'echo', '--accel', 'kvm', '--counter', 'step', ...arbiter],
      ...['--listen', '127.0.0.1:0'],
    ]);
    const address = await primary.shows('notices', /accepting a backup at (\S+)/);
    const refused = vmft(['backup', address, ...arbiter]);
    assert.equal(refused.status, 41, refused.stderr);
    assert.match(refused.stderr, /this primary runs on accelerator kvm, the backup on soft/);
  });
});
