/** File system images from a folder, without mounting anything. */

import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LabUnavailable } from './lab-folder.mjs';

/** The folder's files take a quarter more in the image at most: small files round up to a block. */
const blockBytes = 4096;
const spareBlocks = 4096;

/** Writes `image` (ext4, to be mounted read-only) from the files below `folder`. */
export function makeDiskImage(folder, image) {
  const blocks = blocksOf(folder) + spareBlocks;
  const partial = `${image}.${process.pid}.tmp`;
  const features = '^has_journal,^resize_inode,^metadata_csum,^64bit';
  const options = ['-q', '-t', 'ext4', '-O', features, '-m', '0', '-b', String(blockBytes)];
  try {
    execFileSync(
      mke2fs(),
      [
        ...options,
        '-E',
        'root_owner=0:0,lazy_itable_init=1',
        '-d',
        folder,
        partial,
        String(blocks),
      ],
      { stdio: 'pipe' },
    );
    renameSync(partial, image);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

function mke2fs() {
  const found = ['/usr/sbin/mke2fs', '/sbin/mke2fs'].find((path) => existsSync(path));
  if (found === undefined) throw new LabUnavailable('mke2fs is missing: install e2fsprogs');
  return found;
}

function blocksOf(folder) {
  let blocks = 1;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) blocks += blocksOf(path);
    else blocks += Math.ceil(lstatSync(path).size / blockBytes) + 1;
  }
  // Tables of inodes: one inode for each 16 KiB of the image, 256 bytes each.
  return Math.ceil(blocks * 1.05);
}
