/**
 * Builds what the lab's hosts are started from, as far as it is missing or out of date, and prints the paths as one
 * line of JSON; `{"unavailable": reason}` where this machine cannot.
 *
 *   node test/lab/build.mjs
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ImageError, PackageSource } from '../../images/builder/debian-packages.mjs';
import { withLock } from '../../scripts/setup/lock.mjs';
import { buildInitramfs } from './build/initramfs.mjs';
import { buildKernel } from './build/kernel.mjs';
import { LabUnavailable, cacheFolder, labSources } from './build/lab-folder.mjs';
import { buildProductImage } from './build/product-image.mjs';
import { buildQemu } from './build/qemu.mjs';
import { buildRootImage } from './build/root-image.mjs';

function busybox() {
  const folder = join(cacheFolder, 'busybox');
  const program = join(folder, 'bin/busybox');
  if (existsSync(program)) return program;
  const deb = new PackageSource(cacheFolder).download(['busybox-static']).get('busybox-static');
  execFileSync('dpkg-deb', ['-x', deb, folder], { stdio: 'pipe' });
  return program;
}

function pmutest() {
  const source = join(labSources, 'qemu/pmutest.c');
  const program = join(cacheFolder, 'pmutest');
  if (!existsSync(program) || statSync(program).mtimeMs < statSync(source).mtimeMs) {
    execFileSync('gcc', ['-O2', '-static', '-o', program, source], { stdio: 'pipe' });
  }
  return program;
}

function buildAll() {
  mkdirSync(cacheFolder, { recursive: true });
  const qemu = buildQemu();
  const kernel = buildKernel();
  const programs = { busybox: busybox(), pmutest: pmutest() };
  return {
    qemu,
    kernel: kernel.image,
    initramfs: buildInitramfs(kernel, programs.busybox),
    root: buildRootImage(kernel, programs),
    product: buildProductImage(),
  };
}

try {
  console.log(JSON.stringify(await withLock(cacheFolder, buildAll)));
} catch (error) {
  if (!(error instanceof LabUnavailable || error instanceof ImageError)) throw error;
  console.log(JSON.stringify({ unavailable: error.message }));
}
