/** Puts the initramfs together: Debian's programs, the kernel's virtio modules, our programs, /init. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { CpioArchive } from './cpio-newc.mjs';
import { orderedModules } from './kernel-modules.mjs';
import { compileProgram } from './programs.mjs';

const imagesFolder = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * @param {object} manifest images/manifest.json
 * @param {Map<string, string>} packageFolders unpacked package folder by name
 * @param {string} modulesFolder lib/modules/VERSION of the kernel package
 * @returns {Buffer} the gzip-compressed archive
 */
export function buildInitramfs(manifest, packageFolders, modulesFolder) {
  const archive = new CpioArchive();
  for (const folder of ['dev', 'proc', 'sys', 'run', 'root', 'etc', 'disk'])
    archive.addDirectory(folder);
  archive.addDirectory('tmp', 0o1777);
  // The kernel opens /dev/console for init before anything is mounted.
  archive.addCharacterDevice('dev/console', 5, 1);
  archive.addCharacterDevice('dev/null', 1, 3, 0o666);
  archive.addFile('init', readFileSync(join(imagesFolder, 'initramfs/init')), 0o755);
  archive.addFile('etc/passwd', Buffer.from('root:x:0:0:root:/root:/bin/sh\n'));

  for (const { package: name, from, to } of manifest.files) {
    const data = readFileSync(join(packageFolders.get(name), from));
    archive.addFile(to, data, 0o755);
  }
  addModules(archive, modulesFolder, manifest.kernel);
  addPrograms(archive, manifest.programs);
  addBusyboxLinks(archive, join(packageFolders.get('busybox-static'), 'bin/busybox'));
  return gzipSync(archive.encode(), { level: 9 });
}

/**
 * /lib/modules/order lists the files in the order in which /init loads them, /lib/modules/disk-order those that
 * it loads besides for a guest with a disk.
 */
function addModules(archive, modulesFolder, { modules, diskModules }) {
  const all = orderedModules(modulesFolder, [...modules, ...diskModules]);
  const always = new Set(orderedModules(modulesFolder, modules).map(({ name }) => name));
  const list = (chosen) => Buffer.from(chosen.map(({ name }) => `${name}\n`).join(''));
  archive.addFile('lib/modules/order', list(all.filter(({ name }) => always.has(name))));
  archive.addFile('lib/modules/disk-order', list(all.filter(({ name }) => !always.has(name))));
  for (const { name, data } of all) archive.addFile(`lib/modules/${name}.ko`, data);
}

function addPrograms(archive, programs) {
  const folder = mkdtempSync(join(tmpdir(), 'vmft-programs-'));
  try {
    for (const { name, sources } of programs) {
      const output = join(folder, name);
      compileProgram(sources, output);
      archive.addFile(`bin/${name}`, readFileSync(output), 0o755);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function addBusyboxLinks(archive, busybox) {
  const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n');
  for (const applet of applets) {
    const path = `bin/${applet}`;
    if (applet !== '' && !archive.has(path)) archive.addSymlink(path, 'busybox');
  }
}
