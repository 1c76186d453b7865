/** The hosts' initramfs: loads what reaches the root image, and goes there. */

import { readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { CpioArchive } from '../../../images/builder/cpio-newc.mjs';
import { orderedModulesOf } from './module-order.mjs';
import { cacheFolder, labSources, readRecord, writeRecord, writeWhole } from './lab-folder.mjs';

const rootModules = ['virtio_pci', 'virtio_blk', 'crc32c_generic', 'ext4'];

/** Not compressed: reading is cheaper than unpacking under emulation. @returns {string} its path */
export function buildInitramfs(kernel, busybox) {
  const path = join(cacheFolder, 'initramfs');
  const init = readFileSync(join(labSources, 'inside/initramfs-init'));
  const inputs = `${kernel.release} ${init.toString('base64')}`;
  if (existsSync(path) && readRecord('initramfs.json')?.inputs === inputs) return path;

  const archive = new CpioArchive();
  for (const folder of ['dev', 'proc', 'root']) archive.addDirectory(folder);
  archive.addCharacterDevice('dev/console', 5, 1);
  archive.addFile('init', init, 0o755);
  archive.addFile('bin/busybox', readFileSync(busybox), 0o755);
  const ordered = orderedModulesOf(kernel.modulesFolder, rootModules);
  archive.addFile('modules/order', Buffer.from(ordered.map((file) => `${file}\n`).join('')));
  for (const file of ordered) {
    archive.addFile(`modules/${file}`, readFileSync(join(kernel.modulesFolder, file)));
  }
  writeWhole(path, archive.encode());
  writeRecord('initramfs.json', { inputs });
  return path;
}
