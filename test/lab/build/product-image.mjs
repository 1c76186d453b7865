/**
 * This project's build as a second, small image, mounted at /vmft: so that a fresh build is in the hosts
 * within a second. Its name tells what it was made from.
 */

import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDiskImage } from './disk-image.mjs';
import { LabUnavailable, cacheFolder, projectRoot } from './lab-folder.mjs';

const parts = [
  ...['package.json', 'proto', 'dist', 'images/guests/manifest.json', 'images/manifest.json'],
  ...['build/Release/vmft.node', 'build/Release/vmft_native_test'],
  ...['.cache/images/vmlinuz', '.cache/images/initramfs.gz', '.cache/images/guests'],
  '.cache/images/built.json',
];
const needed = ['dist/src/cli/main.js', 'build/Release/vmft.node', '.cache/images/vmlinuz'];
const imagesKept = 4;

/** @returns {string} the image's path */
export function buildProductImage() {
  for (const path of needed) {
    if (!existsSync(join(projectRoot, path))) {
      throw new LabUnavailable(`${path} is not built: run npm run setup`);
    }
  }
  const files = [...parts, ...productionPackages()].flatMap((path) => filesBelow(path));
  const hash = createHash('sha256');
  for (const path of files) {
    const { size, mtimeMs } = statSync(join(projectRoot, path));
    hash.update(`${path}\0${size}\0${mtimeMs}\0`);
  }
  const image = join(cacheFolder, `product-${hash.digest('hex').slice(0, 16)}.img`);
  if (existsSync(image)) return image;
  const stage = mkdtempSync(join(cacheFolder, 'product-'));
  try {
    for (const path of files) place(join(projectRoot, path), join(stage, path));
    makeDiskImage(stage, image);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
  removeOldImages();
  return image;
}

/** Those that package-lock.json does not mark as for development only. */
function productionPackages() {
  const lock = JSON.parse(readFileSync(join(projectRoot, 'package-lock.json'), 'utf8'));
  return Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path]) => path);
}

function filesBelow(path) {
  const full = join(projectRoot, path);
  if (!existsSync(full)) return [];
  if (statSync(full).isFile()) return [path];
  return readdirSync(full, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && wanted(entry.name))
    .map((entry) => join(entry.path, entry.name).slice(projectRoot.length + 1))
    .sort();
}

/** Not what only developers and browsers read. */
function wanted(name) {
  return !/\.(map|ts|md)$|^\.tsbuildinfo$/.test(name);
}

function place(from, to) {
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  try {
    linkSync(from, to);
  } catch {
    cpSync(from, to);
  }
}

/** A running host keeps the image that it has open, though its name goes. */
function removeOldImages() {
  const images = readdirSync(cacheFolder)
    .filter((name) => /^product-[0-9a-f]{16}\.img$/.test(name))
    .map((name) => join(cacheFolder, name))
    .sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  for (const old of images.slice(imagesKept)) rmSync(old, { force: true });
}
