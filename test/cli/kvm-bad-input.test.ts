import assert from 'node:assert/strict';
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { exitStatusByCode, type ErrorCode } from '../../src/base/errors.js';
import { mainScript } from '../../src/cli/project-paths.js';
import { noHashes } from '../../src/flow/log/guest-config.js';
import { delimited, encodeHeader, encodeTrailer } from '../../src/flow/log/log-format.js';
import { exampleCpu, exampleGuest } from '../flow/log/example-guest.js';
import { vmft } from './vmft.js';

let folder = '';
const file = (name: string): string => join(folder, name);

function writeLog(name: string, accelerator: string, cpu: typeof exampleCpu | null): void {
  const header = { accelerator, build: 'test', guest: { ...exampleGuest, cpu }, hashes: noHashes };
  const trailer = { segments: 0n, endReason: 'power-off' };
  const messages = [encodeHeader(header), encodeTrailer(trailer)];
  writeFileSync(file(name), Buffer.concat(messages.map(delimited)));
}

/** The status, and one line that says why and what would work. */
function refused(
  { status, stderr }: Pick<SpawnSyncReturns<string>, 'status' | 'stderr'>,
  code: ErrorCode,
  says: RegExp,
): void {
  assert.equal(status, exitStatusByCode[code], stderr);
  const lines = stderr.trim().split('\n');
  assert.equal(lines.length, 1, stderr);
  assert.match(stderr, /^vmft: /);
  assert.match(stderr, says);
}

/** A vmft with this done to its own view of the file system first; null where that is not allowed. */
function vmftBehind(change: string, options: readonly string[]): SpawnSyncReturns<string> | null {
  const words = ['--user', '--map-root-user', '--mount', '--', 'sh', '-c'];
  const run = (script: string): SpawnSyncReturns<string> =>
    spawnSync('unshare', [...words, script, 'sh', process.execPath, mainScript, ...options], {
      encoding: 'utf8',
      timeout: 60_000,
    });
  return run(change).status === 0 ? run(`${change} && exec "$@"`) : null;
}

void describe('bad input to the accelerator kvm ends in one clear line', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'vmft-kvm-bad-input-'));
    writeLog('fake-log', 'fake', null);
    writeLog('kvm-log', 'kvm', exampleCpu);
    writeLog('kvm-log-without-cpu', 'kvm', null);
    writeLog('soft-log-with-cpu', 'soft', exampleCpu);
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  void test('no /dev/kvm', (context) => {
    const hidden = 'mount -t tmpfs none /dev';
    const found = vmftBehind(hidden, ['run', 'hello', '--accel', 'kvm']);
    if (found === null) {
      context.skip('no user namespaces here');
      return;
    }
    refused(found, 'accelerator-unavailable', /there is no \/dev\/kvm.* — .*--accel soft/);
    const check = vmftBehind(hidden, ['check']);
    assert.equal(check?.status, 0, 'soft runs anyway');
    const last = check.stdout.trim().split('\n').at(-1) ?? '';
    assert.match(last, /^replay on KVM: no: there is no \/dev\/kvm.*; .*--accel soft/);
  });

  void test('a /dev/kvm that is something else', (context) => {
    const replaced = 'mount --bind /dev/null /dev/kvm';
    const found = vmftBehind(replaced, [
      'backup',
      '127.0.0.1:1',
      '--arbiter',
      'file:/x',
      '--accel',
      'kvm',
    ]);
    if (found === null) {
      context.skip('no user namespaces, or no /dev/kvm to hide');
      return;
    }
    refused(found, 'accelerator-unavailable', /\/dev\/kvm is not KVM's device/);
  });

  void test('no permission', (context) => {
    if (process.getuid?.() !== 0) {
      context.skip('only root can become another user');
      return;
    }
    const options = [mainScript, 'run', 'hello', '--accel', 'kvm'];
    const nobody = { uid: 65_534, gid: 65_534 };
    const found = spawnSync(process.execPath, options, { encoding: 'utf8', ...nobody });
    if (!/permission/.test(found.stderr)) {
      context.skip('anybody may open /dev/kvm here, or it is not there');
      return;
    }
    refused(
      found,
      'accelerator-unavailable',
      /no permission to open \/dev\/kvm — add this user to/,
    );
  });

  void test('a log of an accelerator that this vmft does not have', () => {
    refused(
      vmft(['replay', file('fake-log')]),
      'accelerator-unavailable',
      /recorded on the accelerator "fake", which this vmft does not have — it has soft and kvm/,
    );
  });

  void test('a log of kvm where the guest cannot have its CPU', () => {
    // What is missing depends on the host: a device, a faithful KVM, or that CPU.
    const found = vmft(['replay', file('kvm-log')]);
    refused(found, 'accelerator-unavailable', /kvm|KVM|AuthenticAMD family 23 model 49/);
  });

  void test('a CPU that does not go with the accelerator', () => {
    refused(
      vmft(['replay', file('kvm-log-without-cpu')]),
      'accelerator-unavailable',
      /made without a CPU of its own, and the accelerator is kvm/,
    );
    refused(
      vmft(['replay', file('soft-log-with-cpu')]),
      'accelerator-unavailable',
      /made for AuthenticAMD family 23 model 49 stepping 0, and the accelerator is soft/,
    );
  });

  void test('counters', () => {
    refused(vmft(['run', 'hello', '--counter', 'step']), 'usage', /soft counts by itself/);
    refused(vmft(['run', 'hello', '--accel', 'kvm', '--counter', 'x']), 'usage', /perf, step, sim/);
    refused(vmft(['run', 'hello', '--accel', 'kvm', '--counter', 'perf,x=1']), 'usage', /skid=N/);
    refused(vmft(['run', 'hello', '--accel', 'tcg']), 'usage', /soft, kvm/);
  });
});
