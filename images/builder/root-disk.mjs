/**
 * The guest's root disk: a Debian tree made by mmdebstrap, put into an ext4 image by mke2fs, so that
 * nothing is ever mounted. Root does it directly; anybody else in a user namespace with subordinate ids.
 */

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ImageError } from './debian-packages.mjs';
import { compileProgram } from './programs.mjs';

const imagesFolder = dirname(dirname(fileURLToPath(import.meta.url)));
/** At the end of every disk of vmft's, all zero: see docs/disks.md. */
const reservedBytes = 1 << 20;
const bytesPerMiB = 1 << 20;
const outputLinesShown = 12;

/**
 * Folders of images/, each of which builds upon the ones before: `manifest.json`, `overlay` (files that are ours) and
 * `prepare` (run once inside, in the same order). Lists of their manifests are joined; of the rest the last one's stands.
 * @param {string[]} layers as ['disk']
 */
export function readLayers(layers) {
  const manifests = layers.map((layer) =>
    JSON.parse(readFileSync(join(imagesFolder, layer, 'manifest.json'), 'utf8')),
  );
  const joined = { layers };
  for (const [key, value] of manifests.flatMap(Object.entries)) {
    joined[key] = Array.isArray(value) ? [...(joined[key] ?? []), ...value] : value;
  }
  return joined;
}

/**
 * @param {ReturnType<typeof readLayers>} manifest
 * @param {import('./debian-packages.mjs').PackageSource} packageSource
 * @param {string} imagePath is written
 * @returns {{downloaded: string[], packages: string[]}} what apt said that it fetches; names with versions
 */
export function makeRootDisk(manifest, packageSource, imagePath) {
  const folder = mkdtempSync(join(tmpdir(), 'vmft-root-disk-'));
  const treeFolder = join(folder, 'tree');
  const tree = join(treeFolder, 'root');
  try {
    // The namespace's root is another user here: it must be able to enter, and to make the tree.
    chmodSync(folder, 0o755);
    mkdirSync(treeFolder);
    chmodSync(treeFolder, 0o777);
    const overlay = packOverlay(manifest, packageSource, folder);
    const log = makeTree(manifest, packageSource.debianArchive(), overlay, tree);
    const packages = listPackages(tree);
    asOwner('rm', ['-rf', ...manifest.removed.map((path) => join(tree, path))]);
    const image = join(folder, 'image');
    makeFileSystem(manifest.fileSystem, tree, image);
    run('cp', ['--sparse=always', '--reflink=auto', image, imagePath]);
    chmodSync(imagePath, 0o644);
    return {
      downloaded: [...log.matchAll(/^Need to get ([\d.,]+ \w+)/gm)].map(([, size]) => size),
      packages,
    };
  } finally {
    if (existsSync(tree)) asOwner('rm', ['-rf', tree]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is put into the tree beside packages: files that are ours, our programs, sources, and what prepares the rest. */
function packOverlay({ layers, programs, sources = [] }, packageSource, folder) {
  const overlay = join(folder, 'overlay');
  mkdirSync(join(overlay, 'usr/bin'), { recursive: true });
  for (const layer of layers) {
    cpSync(join(imagesFolder, layer, 'overlay'), overlay, { recursive: true });
    copyFileSync(join(imagesFolder, layer, 'prepare'), join(overlay, prepareName(layer)));
  }
  for (const program of programs)
    compileProgram(program.sources, join(overlay, 'usr/bin', program.name));
  for (const source of sources) {
    const to = join(overlay, source.to);
    mkdirSync(to, { recursive: true });
    const original = packageSource.downloadSource(source.package);
    run('tar', ['-C', to, '--strip-components=1', '--no-same-owner', '-xf', original]);
  }
  const archive = join(folder, 'overlay.tar');
  const options = ['--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX', '--mtime=@0'];
  run('tar', ['-C', overlay, '--sort=name', ...options, '-cf', archive, '.']);
  return archive;
}

function makeTree(manifest, archive, overlay, tree) {
  const options = [
    `--mode=${isRoot() ? 'root' : 'unshare'}`,
    ...['--variant=essential', '--format=directory', '--verbose'],
    ...archive.options.map((option) => `--aptopt=${option}`),
    ...manifest.excluded.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    // Alternatives of excluded manual pages still become links there.
    '--essential-hook=mkdir -p "$1/usr/share/man/man1"',
    // Before the packages, which find their configuration when they are set up.
    `--essential-hook=tar-in ${overlay} /`,
    `--include=${manifest.packages.join(',')}`,
    ...manifest.layers.flatMap((layer) => [
      `--customize-hook=chroot "$1" /bin/sh /${prepareName(layer)}`,
      `--customize-hook=rm "$1/${prepareName(layer)}"`,
    ]),
  ];
  return run('mmdebstrap', [...options, archive.codename, tree, '-'], archive.sources.join('\n'));
}

function prepareName(layer) {
  return `vmft-prepare-${layer}`;
}

function listPackages(tree) {
  const database = `--admindir=${join(tree, 'var/lib/dpkg')}`;
  const text = asOwner('dpkg-query', [database, '-W', '-f', '${Package}_${Version}\n']);
  return text.trim().split('\n');
}

/** Nothing is left to be initialized in the guest, which would work in the background after each boot. */
function makeFileSystem({ sizeMiB, label, uuid }, tree, image) {
  const fd = openSync(image, 'w');
  ftruncateSync(fd, sizeMiB * bytesPerMiB + reservedBytes);
  closeSync(fd);
  chmodSync(image, 0o666);
  const extended = `lazy_itable_init=0,lazy_journal_init=0,hash_seed=${uuid},root_owner=0:0`;
  asOwner('mke2fs', [
    ...['-q', '-F', '-t', 'ext4', '-L', label, '-U', uuid, '-E', extended],
    ...['-d', tree, image, `${sizeMiB}M`],
  ]);
}

/** As the tree's owner: root, or the root of the namespace that mmdebstrap works in. */
function asOwner(program, options) {
  if (isRoot()) return run(program, options);
  return run('mmdebstrap', ['--unshare-helper', program, ...options]);
}

function isRoot() {
  return process.getuid() === 0;
}

/** @returns {string} all that it wrote */
function run(program, options, input = '') {
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
  const result = spawnSync(program, options, {
    input,
    encoding: 'utf8',
    env: { ...process.env, PATH: path, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: 64 << 20,
  });
  if (result.error?.code === 'ENOENT') {
    throw new ImageError(
      `${program} is not here: install the Debian packages mmdebstrap and e2fsprogs`,
    );
  }
  if (result.error !== undefined) throw result.error;
  const output = `${result.stdout}${result.stderr}`;
  if (result.status === 0) return output;
  if (!isRoot() && /newuidmap|newgidmap|subuid|unprivileged_userns/i.test(output)) {
    throw new ImageError(
      'cannot make the root disk: without root it takes user namespaces with subordinate ids; install the Debian ' +
        "package uidmap and give this user a range in /etc/subuid and /etc/subgid, or run 'npm run setup disk' as root",
    );
  }
  const lines = output.trimEnd().split('\n').slice(-outputLinesShown).join('\n');
  throw new ImageError(`cannot make the root disk: ${program} failed:\n${lines}`);
}
