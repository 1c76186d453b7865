/**
 * The hosts' kernel: Debian's stock one for amd64, unmodified. Not the cloud flavour that the guests
 * run, which has no 9p, by which hosts and orchestrator share folders.
 *
 * The package's image is compressed with xz, which takes longer to unpack under emulation than the rest of the
 * boot; so the ELF image inside is taken out once and entered by its PVH entry.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PackageSource } from '../../../images/builder/debian-packages.mjs';
import { orderedModules } from '../../../images/builder/kernel-modules.mjs';
import { cacheFolder, readRecord, writeRecord, writeWhole } from './lab-folder.mjs';

const metapackage = 'linux-image-amd64';

/** What a host may load; their dependencies come along. */
const modules = [
  ...['virtio_pci', 'virtio_blk', 'ext4', 'crc32c_generic', 'virtio_net', 'virtio_rng'],
  ...['9p', '9pnet_virtio', 'tun', 'bridge', 'veth', 'af_packet'],
  ...['irqbypass', 'ccp', 'kvm', 'kvm_amd'],
];

/**
 * @returns {{image: string, release: string, modulesFolder: string}} an ELF image, its version, and a folder with
 * the modules and modules.dep
 */
export function buildKernel() {
  const known = readRecord('kernel.json');
  const wanted = modules.join(' ');
  if (known !== null && known.modules === wanted && existsSync(known.image)) return known;

  mkdirSync(cacheFolder, { recursive: true });
  const source = new PackageSource(cacheFolder);
  const name = source.resolveMetapackage(metapackage, 'linux-image-');
  const folder = source.unpack(source.download([name]).get(name));
  const release = name.replace(/^linux-image-/, '');
  const image = join(cacheFolder, 'vmlinux');
  writeWhole(image, elfImage(readFileSync(join(folder, 'boot', `vmlinuz-${release}`))));
  const modulesFolder = join(cacheFolder, 'modules');
  const partial = `${modulesFolder}.${process.pid}.tmp`;
  copyModules(join(folder, 'lib/modules', release), partial);
  rmSync(modulesFolder, { recursive: true, force: true });
  renameSync(partial, modulesFolder);
  rmSync(folder, { recursive: true, force: true });
  const built = { image, release, modulesFolder, modules: wanted };
  writeRecord('kernel.json', built);
  return built;
}

/** Linux Documentation/x86/boot.rst, "payload_offset": from the start of the protected-mode code. */
function elfImage(bzImage) {
  const start = (bzImage[0x1f1] + 1) * 512 + bzImage.readUInt32LE(0x248);
  // The last four bytes are the size of the unpacked image.
  const payload = bzImage.subarray(start, start + bzImage.readUInt32LE(0x24c) - 4);
  return execFileSync('xz', ['-dc'], { input: payload, maxBuffer: 2 ** 28, stdio: 'pipe' });
}

function copyModules(from, to) {
  const lines = [];
  const copied = new Set();
  for (const wanted of modules) {
    const ordered = orderedModules(from, [wanted]);
    for (const [index, { name, data }] of ordered.entries()) {
      if (copied.has(name)) continue;
      copied.add(name);
      writeWhole(join(to, `${name}.ko`), data);
      const before = ordered.slice(0, index).reverse();
      lines.push(`${name}.ko: ${before.map((needed) => `${needed.name}.ko`).join(' ')}`.trim());
    }
  }
  writeWhole(join(to, 'modules.dep'), `${lines.join('\n')}\n`);
}
