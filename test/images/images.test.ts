import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, test } from 'node:test';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const images = join(root, '.cache/images');

interface CpioEntry {
  readonly mode: number;
  readonly modified: number;
  readonly data: Buffer;
}

/** Reads a newc archive back, independently of the writer. */
function parseCpio(archive: Buffer): Map<string, CpioEntry> {
  const entries = new Map<string, CpioEntry>();
  for (let at = 0; at < archive.length;) {
    assert.equal(archive.toString('latin1', at, at + 6), '070701', `no header at ${at}`);
    const field = (index: number): number =>
      parseInt(archive.toString('latin1', at + 6 + 8 * index, at + 14 + 8 * index), 16);
    const nameStart = at + 110;
    const name = archive.toString('latin1', nameStart, nameStart + field(11) - 1);
    const dataStart = (nameStart + field(11) + 3) & ~3;
    if (name === 'TRAILER!!!') return entries;
    const data = archive.subarray(dataStart, dataStart + field(6));
    entries.set(name, { mode: field(1), modified: field(5), data });
    at = (dataStart + field(6) + 3) & ~3;
  }
  throw new Error('no trailer');
}

interface GuestManifest {
  readonly guests: readonly { name: string; console: string[]; stop: string | null }[];
}

void describe('guest images', () => {
  const initramfs = parseCpio(gunzipSync(readFileSync(join(images, 'initramfs.gz'))));

  void test('the kernel is a bzImage with the 64-bit entry', () => {
    const kernel = readFileSync(join(images, 'vmlinuz'));
    assert.equal(kernel.toString('latin1', 0x202, 0x206), 'HdrS');
    assert.ok((kernel.readUInt16LE(0x236) & 1) === 1, 'XLF_KERNEL_64');
  });

  void test('the initramfs has a console, an init and our programs', () => {
    assert.equal(initramfs.get('dev/console')?.mode, 0o020600);
    for (const path of ['init', 'bin/busybox', 'bin/counter', 'bin/bench', 'usr/bin/bash']) {
      assert.equal(initramfs.get(path)?.mode, 0o100755, path);
    }
    assert.equal(initramfs.get('bin/sh')?.data.toString(), 'busybox');
  });

  void test('every parent comes before its children', () => {
    const seen = new Set<string>();
    for (const [path, { mode }] of initramfs) {
      const parent = path.split('/').slice(0, -1).join('/');
      assert.ok(parent === '' || seen.has(parent), `${path} before ${parent}`);
      if ((mode & 0o170000) === 0o040000) seen.add(path);
    }
  });

  void test('nothing in it depends on when or where it was built', () => {
    for (const [path, { modified, data }] of initramfs) {
      assert.equal(modified, 0, path);
      assert.ok(!data.includes(root), `${path} names the build folder`);
    }
  });

  void test('modules load after what they depend on', () => {
    const order = initramfs.get('lib/modules/order')?.data.toString().trim().split('\n') ?? [];
    assert.ok(order.includes('virtio_mmio') && order.includes('virtio_net'), order.join(' '));
    for (const [index, name] of order.entries()) {
      const data = initramfs.get(`lib/modules/${name}.ko`)?.data.toString('latin1') ?? '';
      const depends = /\0depends=([^\0]*)\0/.exec(data)?.[1] ?? '';
      for (const needed of depends.split(',').filter((word) => word !== '')) {
        const at = order.indexOf(needed.replaceAll('-', '_'));
        assert.ok(at < index, `${name} before ${needed}`);
      }
    }
  });
});

void describe('test guests', () => {
  const manifest = JSON.parse(
    readFileSync(join(root, 'images/guests/manifest.json'), 'utf8'),
  ) as GuestManifest;

  for (const { name } of manifest.guests) {
    void test(`${name} is an ELF with the PVH note`, () => {
      const elf = readFileSync(join(images, `guests/${name}.elf`));
      assert.equal(elf.toString('latin1', 0, 4), '\x7fELF');
      const note = Buffer.from('\x04\0\0\0\x08\0\0\0\x12\0\0\0Xen\0', 'latin1');
      const at = elf.indexOf(note);
      assert.ok(at > 0, 'no XEN_ELFNOTE_PHYS32_ENTRY');
      assert.equal(elf.readBigUInt64LE(at + note.length), elf.readBigUInt64LE(24), 'entry point');
    });
  }
});
