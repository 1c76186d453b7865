import assert from 'node:assert/strict';
import {
  closeSync,
  copyFileSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joined } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';

import { exitStatusByCode, type ErrorCode } from '../../src/base/errors.js';
import { TypedReplica } from './typed-replica.js';
import { vmft } from './vmft.js';

const mib = 1 << 20;

let folder = '';
const file = (name: string): string => joined(folder, name);

function image(name: string, bytes: number): string {
  const fd = openSync(file(name), 'w');
  ftruncateSync(fd, bytes);
  closeSync(fd);
  return file(name);
}

before(() => {
  folder = mkdtempSync(joined(tmpdir(), 'vmft-disks-'));
});
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Case {
  readonly what: string;
  readonly disk: () => string;
  readonly code: ErrorCode;
  readonly says: RegExp;
}

const cases: readonly Case[] = [
  { what: 'no disk', disk: () => '', code: 'usage', says: /Name a disk/ },
  {
    what: 'an unknown word',
    disk: () => `${file('disk')},privte`,
    code: 'usage',
    says: /'privte' is not known/,
  },
  {
    what: 'a word twice',
    disk: () => `${file('disk')},shared,private`,
    code: 'usage',
    says: /'private' is not known/,
  },
  {
    what: 'a serial that is too long',
    disk: () => `${file('disk')},serial=123456789012345678901`,
    code: 'usage',
    says: /is no serial/,
  },
  {
    what: 'a missing disk',
    disk: () => file('absent'),
    code: 'disk-unusable',
    says: /absent is not there on this host/,
  },
  { what: 'a folder', disk: () => folder, code: 'disk-unusable', says: /neither a file nor/ },
  {
    what: 'a disk of odd size',
    disk: () => image('odd', 4_000_001),
    code: 'disk-unusable',
    says: /of odd size/,
  },
  {
    what: 'a disk that is too small',
    disk: () => image('tiny', mib / 2),
    code: 'disk-unusable',
    says: /too small/,
  },
  {
    what: 'a URL that names nothing',
    disk: () => 'iscsi://127.0.0.1',
    code: 'usage',
    says: /is not the URL of an iSCSI disk/,
  },
  {
    what: 'a target that is not there',
    disk: () => 'iscsi://127.0.0.1:1/iqn.2026-01.test:disk/1',
    code: 'disk-unavailable',
    says: /127\.0\.0\.1:1/,
  },
  {
    what: 'a disk whose end holds something else',
    disk: () => {
      const path = image('full', 4 * mib);
      const fd = openSync(path, 'r+');
      writeSync(fd, 'precious', 3 * mib);
      closeSync(fd);
      return path;
    },
    code: 'disk-unusable',
    says: /last MiB of .* that is not vmft's.*grow it by 1 MiB/s,
  },
];

void describe('vmft run says of a disk, in one line, and writes nothing', () => {
  for (const { what, disk, code, says } of cases) {
    void test(what, () => {
      const { status, stderr } = vmft(['run', 'hello', '--disk', disk()]);
      assert.equal(status, exitStatusByCode[code], stderr);
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /\n\s+at /, 'no stack');
    });
  }

  void test('that there are too many', () => {
    const disk = image('disk', 4 * mib);
    const six = Array.from({ length: 6 }, () => ['--disk', disk]).flat();
    const { status, stderr } = vmft(['run', 'hello', ...six]);
    assert.equal(status, exitStatusByCode.usage);
    assert.match(stderr, /A guest can have 5 disks/);
  });

  void test('that it is the guest’s already, and frees what it had claimed', () => {
    const disk = image('disk', 4 * mib);
    const { status, stderr } = vmft(['run', 'hello', '--disk', disk, '--disk', disk]);
    assert.equal(status, exitStatusByCode['disk-in-use'], stderr);
    const after = vmft(['run', 'hello', '--disk', disk]);
    assert.equal(after.status, 0, after.stderr);
  });
});

void describe('a disk in use', () => {
  let running: TypedReplica[] = [];
  let names = 0;

  afterEach(async () => {
    for (const child of running) child.kill();
    await Promise.all(running.map((child) => child.ended()));
    running = [];
  });

  function start(options: readonly string[]): TypedReplica {
    const made = new TypedReplica(options);
    running.push(made);
    return made;
  }

  /** A guest that waits for what is typed, with these disks, where a backup may join. */
  async function primary(disk: string): Promise<{ host: TypedReplica; join: string[] }> {
    names += 1;
    const arbiter = ['--arbiter', `file:${file(`arbiter-${names}`)}`];
    const host = start(['run', 'echo', '--disk', disk, '--listen', '127.0.0.1:0', ...arbiter]);
    const address = await host.shows('notices', /accepting a backup at (\S+)/);
    await host.shows('console', /echo: ready/);
    return { host, join: ['backup', address, ...arbiter] };
  }

  /** It ends so, both sides say why in a line, and the primary runs on. */
  async function declined(
    { host, join }: Awaited<ReturnType<typeof primary>>,
    disks: readonly string[],
    code: ErrorCode,
    says: RegExp,
  ): Promise<void> {
    const options = disks.flatMap((disk) => ['--disk', disk]);
    const { status, stderr } = vmft([...join, ...options]);
    assert.equal(status, exitStatusByCode[code], stderr);
    assert.match(stderr, says);
    assert.doesNotMatch(stderr, /\n\s+at /, 'no stack');
    const told = await host.shows('notices', /the join failed: (.*)/);
    assert.match(told, says);
    host.type('still here\n');
    await host.shows('console', /echo: 10 bytes/);
  }

  void test('by a running machine is refused', async () => {
    const disk = image('disk', 4 * mib);
    await primary(disk);
    const { status, stderr } = vmft(['run', 'hello', '--disk', disk]);
    assert.equal(status, exitStatusByCode['disk-in-use'], stderr);
    assert.match(stderr, /in use|used/);
  });

  void test('by a machine that died is refused by name, until it is released', async () => {
    const disk = image('disk', 4 * mib);
    const { host } = await primary(disk);
    host.kill();
    await host.ended();
    const { status, stderr } = vmft(['run', 'hello', '--disk', disk]);
    assert.equal(status, exitStatusByCode['disk-in-use'], stderr);
    assert.match(stderr, /in use by machine \w+ on \S+ since \S+.*vmft disk release/s);
    assert.equal(vmft(['disk', 'release', disk]).status, 0);
    assert.equal(vmft(['run', 'hello', '--disk', disk]).status, 0);
  });

  void test('of a machine stopped while it was alone is free again', async () => {
    const disk = image('disk', 4 * mib);
    const host = start(['run', 'echo', '--disk', disk]);
    await host.shows('console', /echo: ready/);
    host.terminate();
    assert.equal(await host.ended(), exitStatusByCode.stopped, host.notices);
    assert.equal(vmft(['run', 'hello', '--disk', disk]).status, 0);
  });

  void test('is read by any number of machines that only read it', async () => {
    const disk = image('disk', 4 * mib);
    const one = start(['run', 'echo', '--disk', `${disk},readonly`]);
    await one.shows('console', /echo: ready/);
    const { status, stderr } = vmft(['run', 'hello', '--disk', `${disk},readonly`]);
    assert.equal(status, 0, stderr);
    assert.ok(readFileSync(disk).equals(Buffer.alloc(4 * mib)), 'nothing was written');
  });

  void test('and shared is not another one on the backup’s host', async () => {
    const pair = await primary(image('disk', 4 * mib));
    const other = image('other', 4 * mib);
    await declined(pair, [other], 'disk-not-shared', /the primary’s disk 0 \(.*\) is another one/);
    assert.ok(readFileSync(other).equals(Buffer.alloc(4 * mib)), 'nothing was written');
  });

  void test('and shared is not an older copy of it', async () => {
    const disk = image('disk', 4 * mib);
    assert.equal(vmft(['run', 'hello', '--disk', disk]).status, 0);
    copyFileSync(disk, file('older'));
    const pair = await primary(disk);
    await declined(pair, [file('older')], 'disk-not-shared', /is another one than .*older \(free/);
  });

  void test('and read-only and never written must be named on the backup’s host', async () => {
    const disk = image('disk', 4 * mib);
    const pair = await primary(`${disk},readonly`);
    await declined(pair, [], 'usage', /was never used by vmft/);
    const backup = start([...pair.join, '--disk', disk]);
    await backup.shows('notices', /protected/);
  });

  void test('and private must be named on the backup’s host', async () => {
    const pair = await primary(`${image('disk', 4 * mib)},private`);
    await declined(pair, [], 'usage', /of the machine’s disks 1 is private, and 0 were named/);
  });

  void test('and private needs room for its copy', async () => {
    const pair = await primary(`${image('disk', 8 * mib)},private`);
    await declined(pair, [image('small', 4 * mib)], 'disk-unusable', /has room for 3145728 bytes/);
  });

  void test('and private is not copied onto itself', async () => {
    const disk = image('disk', 4 * mib);
    const pair = await primary(`${disk},private`);
    await declined(pair, [disk], 'disk-in-use', /disk/);
  });

  void test('and private is not copied over another machine’s', async () => {
    const pair = await primary(`${image('disk', 4 * mib)},private`);
    const other = image('other', 4 * mib);
    const { host } = await primary(other);
    host.kill();
    await host.ended();
    await declined(pair, [other], 'disk-in-use', /in use by machine/);
  });

  void test('and half copied is no disk to start from', async () => {
    const { join } = await primary(`${image('disk', 4 * mib)},private`);
    const copy = image('copy', 4 * mib);
    const backup = start([...join, '--disk', copy]);
    await backup.shows('notices', /protected/);
    const taken = vmft(['run', 'hello', '--disk', copy]);
    assert.equal(taken.status, exitStatusByCode['disk-in-use'], taken.stderr);
  });
});
