import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { exitStatusByCode, type ErrorCode } from '../../src/base/errors.js';
import { imagesFolder, mainScript } from '../../src/cli/project-paths.js';
import { testGuest, vmft } from './vmft.js';

let folder = '';
const file = (name: string): string => join(folder, name);

interface Case {
  readonly what: string;
  readonly options: () => string[];
  readonly code: ErrorCode;
  /** A part of the line. */
  readonly says: RegExp;
}

const arbiter = (): string => `file:${file('arbiter')}`;

const cases: readonly Case[] = [
  { what: 'an unknown command', options: () => ['frob'], code: 'usage', says: /unknown command/ },
  { what: 'no guest', options: () => ['run'], code: 'usage', says: /no guest/ },
  { what: 'an unknown guest', options: () => ['run', 'nosuch'], code: 'usage', says: /nosuch/ },
  {
    what: 'a missing kernel',
    options: () => ['run', '--kernel', file('absent')],
    code: 'kernel-unusable',
    says: /no such file/,
  },
  {
    what: 'a folder as the kernel',
    options: () => ['run', '--kernel', folder],
    code: 'kernel-unusable',
    says: /not a file/,
  },
  {
    what: 'an empty kernel',
    options: () => ['run', '--kernel', file('empty')],
    code: 'kernel-unusable',
    says: /is empty/,
  },
  {
    what: 'a file that is no kernel',
    options: () => ['run', '--kernel', file('text')],
    code: 'kernel-unusable',
    says: /neither a bzImage nor an ELF/,
  },
  {
    what: 'a truncated bzImage',
    options: () => ['run', '--kernel', file('short-bzimage')],
    code: 'kernel-unusable',
    says: /shorter than its header says/,
  },
  {
    what: 'a truncated ELF kernel',
    options: () => ['run', '--kernel', file('short-elf')],
    code: 'kernel-unusable',
    says: /ends inside/,
  },
  {
    what: 'a missing initramfs',
    options: () => ['run', 'debian', '--initrd', file('absent')],
    code: 'initramfs-unusable',
    says: /no such file/,
  },
  {
    what: 'too little memory',
    options: () => ['run', 'debian', '--memory', '32M'],
    code: 'memory-too-small',
    says: /needs at least/,
  },
  {
    what: 'more memory than there is',
    options: () => ['run', 'hello', '--memory', '999999G'],
    code: 'memory-unavailable',
    says: /this host has/,
  },
  {
    what: 'a size that is none',
    options: () => ['run', 'hello', '--memory', '12'],
    code: 'usage',
    says: /256M or 1G/,
  },
  {
    what: 'a bad address',
    options: () => ['run', 'hello', '--listen', '1:2:3', '--arbiter', arbiter()],
    code: 'bad-address',
    says: /is not an address/,
  },
  {
    what: 'a port that is too large',
    options: () => ['backup', '127.0.0.1:99999', '--arbiter', arbiter()],
    code: 'bad-address',
    says: /is not an address/,
  },
  {
    what: 'an address of another host',
    options: () => ['run', 'hello', '--listen', '192.0.2.1', '--arbiter', arbiter()],
    code: 'address-unavailable',
    says: /192\.0\.2\.1/,
  },
  {
    what: 'protection without an arbiter',
    options: () => ['run', 'hello', '--listen', '127.0.0.1:0'],
    code: 'usage',
    says: /needs an arbiter/,
  },
  {
    what: 'an arbiter whose folder has no parent',
    options: () => [
      'run',
      'hello',
      '--listen',
      '127.0.0.1:0',
      '--arbiter',
      `file:${file('absent/arbiter')}`,
    ],
    code: 'arbiter-unusable',
    says: /ENOENT/,
  },
  {
    what: 'an arbiter that is a file',
    options: () => [
      ...['run', 'hello', '--listen', '127.0.0.1:0', '--arbiter', `file:${file('text')}`],
    ],
    code: 'arbiter-unusable',
    says: /ENOTDIR/,
  },
  {
    what: 'events to a descriptor that is not open',
    options: () => ['run', 'hello', '--json-events', '77'],
    code: 'usage',
    says: /EBADF/,
  },
  {
    what: 'an unreachable peer',
    options: () => ['backup', '127.0.0.1:1', '--arbiter', arbiter()],
    code: 'peer-unreachable',
    says: /cannot reach a primary at 127\.0\.0\.1:1/,
  },
  {
    what: 'TLS without a certificate',
    options: () => ['backup', '127.0.0.1:1', '--arbiter', arbiter(), '--tls-key', file('text')],
    code: 'usage',
    says: /TLS needs/,
  },
  {
    what: 'TLS files that are none',
    options: () => [
      ...['backup', '127.0.0.1:1', '--arbiter', arbiter(), '--tls-key', file('text')],
      ...['--tls-cert', file('text'), '--tls-ca', file('text')],
    ],
    code: 'tls-unusable',
    says: /text is not a PEM file/,
  },
  {
    what: 'a tap that is none',
    options: () => ['run', 'hello', '--net', 'tap=lo'],
    code: 'tap-unavailable',
    says: /tap|tun/,
  },
  {
    what: 'a multicast MAC address',
    options: () => ['run', 'hello', '--net', 'tap=t,mac=01:00:00:00:00:01'],
    code: 'usage',
    says: /MAC/,
  },
  {
    what: 'a full disk under --record',
    options: () => ['run', 'hello', '--record', '/dev/full'],
    code: 'log-write-failed',
    says: /disk is full/,
  },
  {
    what: 'a folder that is not there under --record',
    options: () => ['run', 'hello', '--record', file('absent/log')],
    code: 'log-write-failed',
    says: /no such directory/,
  },
  {
    what: 'heartbeats slower than the suspicion',
    options: () => [
      ...['run', 'hello', '--listen', '127.0.0.1:0', '--arbiter', arbiter()],
      ...['--heartbeat-interval', '200'],
    ],
    code: 'usage',
    says: /suspect after two heartbeat intervals/,
  },
  {
    what: 'a log that is not there',
    options: () => ['replay', file('absent')],
    code: 'log-unreadable',
    says: /no such file/,
  },
  {
    what: 'a file that is no log',
    options: () => ['replay', file('text')],
    code: 'log-not-a-log',
    says: /not a vmft log/,
  },
  {
    what: 'a guest that triple-faults',
    options: () => ['run', 'triple-fault'],
    code: 'triple-fault',
    says: /triple fault/,
  },
];

void describe('bad input ends in one clear line', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'vmft-bad-input-'));
    writeFileSync(file('empty'), '');
    writeFileSync(file('text'), 'no kernel, no log, no key\n'.repeat(100));
    writeFileSync(
      file('short-bzimage'),
      readFileSync(join(imagesFolder, 'vmlinuz')).subarray(0, 100_000),
    );
    writeFileSync(file('short-elf'), readFileSync(testGuest('hello')).subarray(0, 300));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { what, options, code, says } of cases) {
    void test(what, () => {
      const { status, stderr } = vmft(options());
      assert.equal(status, exitStatusByCode[code], stderr);
      const lines = stderr.trim().split('\n');
      const last = lines.at(-1) ?? '';
      assert.match(last, /^vmft: /);
      assert.match(last, says);
      assert.doesNotMatch(stderr, /^\s+at /m, 'no stack');
    });
  }

  void test('a peer that speaks something else', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('rubbish\r\n'.repeat(1000));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const child = spawn(process.execPath, [
      ...[mainScript, 'backup', `127.0.0.1:${port}`, '--arbiter', arbiter()],
    ]);
    let stderr = '';
    child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
    const status = await new Promise((resolve) => child.on('exit', resolve));
    server.close();
    assert.equal(status, exitStatusByCode['peer-unreachable'], stderr);
    assert.match(stderr, /^vmft: cannot reach a primary at .*\n$/);
  });

  void test('nobody reads what goes wrong', async () => {
    const child = spawn(process.execPath, [
      ...[mainScript, 'run', 'hello', '--listen', '127.0.0.1:0', '--arbiter', arbiter()],
    ]);
    child.stderr.destroy();
    child.stdout.resume();
    const status = await new Promise((resolve) => child.on('exit', resolve));
    assert.equal(status, 0, 'the machine goes on');
  });

  void test('nothing half-made is left behind', () => {
    assert.ok(!existsSync(file('absent')));
  });
});
