import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, describe, test } from 'node:test';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const image = join(root, '.cache/images/debian-root.img');
const overlay = join(root, 'images/disk/overlay');

interface DiskManifest {
  readonly packages: readonly string[];
  readonly programs: readonly { readonly name: string }[];
  readonly fileSystem: { readonly sizeMiB: number; readonly uuid: string };
}

const manifest = JSON.parse(
  readFileSync(join(root, 'images/disk/manifest.json'), 'utf8'),
) as DiskManifest;

const reservedBytes = 2 ** 20;

function e2fs(program: string, options: readonly string[]): string {
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' };
  const result = spawnSync(program, options, { encoding: 'utf8', env });
  assert.equal(result.status, 0, `${program}: ${result.stdout}${result.stderr}`);
  return result.stdout;
}

function inImage(command: string): string {
  return e2fs('debugfs', ['-R', command, image]);
}

void describe('the root disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vmft-root-disk-test-'));
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  void test('ends with an empty reserved area', () => {
    const { size } = statSync(image);
    assert.equal(size, manifest.fileSystem.sizeMiB * 2 ** 20 + reservedBytes);
    const reserved = Buffer.alloc(reservedBytes, 1);
    const fd = openSync(image, 'r');
    readSync(fd, reserved, 0, reservedBytes, size - reservedBytes);
    closeSync(fd);
    assert.ok(reserved.equals(Buffer.alloc(reservedBytes)));
  });

  void test('is a clean ext4 with nothing left to initialize', () => {
    e2fs('e2fsck', ['-f', '-n', image]);
    const described = e2fs('dumpe2fs', [image]);
    assert.match(described, new RegExp(`Filesystem UUID: +${manifest.fileSystem.uuid}`));
    assert.match(described, /Filesystem state: +clean/);
    for (const [line] of described.matchAll(/^Group \d+:.*$/gm))
      assert.ok(line.includes('ITABLE_ZEROED'), line);
  });

  void test('has our init, our services and our programs, all root’s', () => {
    const files = ['usr/sbin/vmft-init', 'usr/lib/vmft/services/postgresql', 'etc/redis/vmft.conf'];
    for (const path of files) {
      const copy = join(folder, 'copy');
      inImage(`dump /${path} ${copy}`);
      assert.deepEqual(readFileSync(copy), readFileSync(join(overlay, path)), path);
      assert.match(inImage(`stat /${path}`), /User: +0 +Group: +0 /, path);
    }
    for (const { name } of manifest.programs)
      assert.match(inImage(`stat /usr/bin/${name}`), /Mode: +0755/, name);
  });

  void test('has a database cluster that syncs', () => {
    const data = '/var/lib/postgresql/data';
    const configuration = inImage(`cat ${data}/postgresql.conf`);
    assert.match(configuration, /^listen_addresses = '\*'$/m);
    assert.doesNotMatch(configuration, /^(fsync|synchronous_commit|full_page_writes)\b/m);
    assert.match(inImage(`stat ${data}`), /Mode: +0700/);
  });

  void test('names no place of its building', () => {
    for (const path of ['/etc/apt', '/vmft-prepare', '/var/lib/apt'])
      assert.doesNotMatch(inImage(`stat ${path}`), /Inode:/, path);
  });
});

void describe('the disk’s scripts', () => {
  const services = ['postgresql', 'redis', 'nginx', 'counter', 'shell'];
  const scripts = [
    join(root, 'images/initramfs/init'),
    join(root, 'images/disk/prepare'),
    join(overlay, 'usr/sbin/vmft-init'),
    ...services.map((name) => join(overlay, 'usr/lib/vmft/services', name)),
  ];
  for (const script of scripts) {
    void test(`${script.slice(root.length)} is a shell's`, () => {
      const { status, stderr } = spawnSync('sh', ['-n', script], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    });
  }

  for (const name of services) {
    void test(`${name} can start, tell that it is ready, and stop`, () => {
      const path = join(overlay, 'usr/lib/vmft/services', name);
      const script = `. '${path}' && type start && type ready && type stop`;
      const { status, stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
      assert.equal(status, 0, stdout);
    });
  }
});
