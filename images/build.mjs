/**
 * Builds the guest images that images/manifest.json describes into .cache/images:
 *
 *   vmlinuz        Debian's stock cloud kernel, unmodified
 *   initramfs.gz   busybox, virtio modules, the counter service, the CPU benchmark
 *   guests/*.elf   the one-behaviour test guests of images/guests/manifest.json
 *   built.json     what they were made from
 *   debian-root.img, debian-root.json   a root disk with databases and the like, and what it was made from
 *   debian-bench.img, debian-bench.json the same with a Java machine, a C compiler and the benchmarks' programs
 *
 * Does nothing when nothing changed. Usage: node images/build.mjs [--force] [linux] [guests] [disk] [bench]
 */

import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ImageError, PackageSource } from './builder/debian-packages.mjs';
import { buildInitramfs } from './builder/initramfs.mjs';
import { compileGuest } from './builder/programs.mjs';
import { makeRootDisk, readLayers } from './builder/root-disk.mjs';

const imagesFolder = dirname(fileURLToPath(import.meta.url));
export const outputFolder = join(dirname(imagesFolder), '.cache', 'images');

const layoutPath = join(dirname(imagesFolder), 'native/machine/layout.h');

/** Everything the images are made from but Debian's packages, as one hash. */
function sourcesHash(folders, otherFiles = []) {
  const hash = createHash('sha256');
  for (const folder of folders) {
    for (const path of readdirSync(join(imagesFolder, folder), { recursive: true }).sort()) {
      const full = join(imagesFolder, folder, path);
      if (statSync(full).isFile()) hash.update(`${folder}/${path}\0`).update(readFileSync(full));
    }
  }
  for (const path of otherFiles) hash.update(readFileSync(path));
  return hash.update(readFileSync(join(imagesFolder, 'manifest.json'))).digest('hex');
}

function readBuilt(name) {
  try {
    return JSON.parse(readFileSync(join(outputFolder, name), 'utf8'));
  } catch {
    return null;
  }
}

/** Replaces a file in one step, so that a build that is interrupted leaves the old one. */
function writeWhole(path, data) {
  const partial = `${path}.${process.pid}.tmp`;
  writeFileSync(partial, data);
  renameSync(partial, path);
}

function sha256(data) {
  return createHash('sha256').update(data).digest('hex');
}

/** vmlinuz and initramfs.gz. @returns {boolean} whether anything was built */
export function buildLinuxImages({ force = false } = {}) {
  const sources = sourcesHash(['builder', 'initramfs', 'programs']);
  const kernelPath = join(outputFolder, 'vmlinuz');
  const initramfsPath = join(outputFolder, 'initramfs.gz');
  const complete = existsSync(kernelPath) && existsSync(initramfsPath);
  if (!force && complete && readBuilt('built.json')?.sources === sources) return false;

  const manifest = JSON.parse(readFileSync(join(imagesFolder, 'manifest.json'), 'utf8'));
  mkdirSync(outputFolder, { recursive: true });
  const packages = new PackageSource(outputFolder);
  const kernelPackage = packages.resolveMetapackage(manifest.kernel.metapackage, 'linux-image-');
  const names = [kernelPackage, ...new Set(manifest.files.map((file) => file.package))];
  const folders = new Map();
  for (const [name, deb] of packages.download(names)) folders.set(name, packages.unpack(deb));

  const release = kernelPackage.replace(/^linux-image-/, '');
  const kernelFolder = folders.get(kernelPackage);
  const modulesFolder = join(kernelFolder, 'lib/modules', release);
  const initramfs = buildInitramfs(manifest, folders, modulesFolder);
  const kernel = readFileSync(join(kernelFolder, 'boot', `vmlinuz-${release}`));
  writeWhole(kernelPath, kernel);
  writeWhole(initramfsPath, initramfs);
  const built = {
    sources,
    packages: [...folders.values()].map((folder) => folder.replace(/^.*\//, '')).sort(),
    vmlinuz: { bytes: kernel.length, sha256: sha256(kernel) },
    initramfs: { bytes: initramfs.length, sha256: sha256(initramfs) },
  };
  writeWhole(join(outputFolder, 'built.json'), `${JSON.stringify(built, null, 2)}\n`);
  for (const folder of folders.values()) rmSync(folder, { recursive: true, force: true });
  return true;
}

/** The test guests: need only g++. @returns {boolean} whether anything was built */
export function buildTestGuests({ force = false } = {}) {
  const sources = sourcesHash(['guests', 'builder'], [layoutPath]);
  const folder = join(outputFolder, 'guests');
  const { guests } = JSON.parse(readFileSync(join(imagesFolder, 'guests/manifest.json'), 'utf8'));
  const complete = guests.every(({ name }) => existsSync(join(folder, `${name}.elf`)));
  if (!force && complete && readBuilt('guests/built.json')?.sources === sources) return false;
  mkdirSync(folder, { recursive: true });
  for (const { name, sources: files } of guests) {
    const output = join(folder, `${name}.elf`);
    const partial = `${output}.${process.pid}.tmp`;
    compileGuest(
      files.map((file) => `guests/${file}`),
      partial,
    );
    renameSync(partial, output);
  }
  writeWhole(join(folder, 'built.json'), `${JSON.stringify({ sources })}\n`);
  return true;
}

/** debian-root.img: takes a minute and a download. @returns {boolean} whether anything was built */
export function buildRootDisk({ force = false } = {}) {
  return buildDisk('debian-root', ['disk'], force);
}

/** debian-bench.img, the same with what the benchmarks need. @returns {boolean} whether anything was built */
export function buildBenchDisk({ force = false } = {}) {
  return buildDisk('debian-bench', ['disk', 'bench-disk'], force);
}

/** @param {string[]} layers see readLayers */
function buildDisk(name, layers, force) {
  const manifest = readLayers(layers);
  const programs = manifest.programs.flatMap((program) => program.sources);
  const sources = sourcesHash(
    layers,
    ['builder/root-disk.mjs', ...programs].map((file) => join(imagesFolder, file)),
  );
  const imagePath = join(outputFolder, `${name}.img`);
  if (!force && existsSync(imagePath) && readBuilt(`${name}.json`)?.sources === sources)
    return false;

  const startMs = performance.now();
  mkdirSync(outputFolder, { recursive: true });
  const partial = `${imagePath}.${process.pid}.tmp`;
  try {
    const made = makeRootDisk(manifest, new PackageSource(outputFolder), partial);
    renameSync(partial, imagePath);
    const seconds = Math.round((performance.now() - startMs) / 1000);
    const bytes = statSync(imagePath).blocks * 512;
    writeWhole(
      join(outputFolder, `${name}.json`),
      `${JSON.stringify({ sources, seconds, bytes, ...made }, null, 2)}\n`,
    );
  } finally {
    rmSync(partial, { force: true });
  }
  return true;
}

function tellDisk(name) {
  const { seconds, bytes, downloaded } = readBuilt(`${name}.json`);
  console.log(
    `images: ${name}.img ${bytes} bytes on disk, made in ${seconds} s, fetched ${downloaded.join(' + ')}`,
  );
}

function main(options) {
  const force = options.includes('--force');
  const all = !options.some((option) => option !== '--force');
  const wants = (name) => all || options.includes(name);
  try {
    if (wants('linux') && buildLinuxImages({ force })) {
      const { vmlinuz, initramfs } = readBuilt('built.json');
      console.log(`images: vmlinuz ${vmlinuz.bytes} bytes, initramfs.gz ${initramfs.bytes} bytes`);
    }
    if (wants('guests') && buildTestGuests({ force })) console.log('images: test guests built');
    if (wants('disk') && buildRootDisk({ force })) tellDisk('debian-root');
    if (wants('bench') && buildBenchDisk({ force })) tellDisk('debian-bench');
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    console.error(`images: ${error.message}`);
    process.exit(1);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2));
