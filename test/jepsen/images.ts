import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { imagesFolder } from '../../src/cli/project-paths.js';

export const rootImage = join(imagesFolder, 'debian-root.img');

const reservedBytes = 1 << 20;
const pieceBytes = 1 << 20;

/** Why guests with a root disk cannot run here; null when they can. */
export function noRootImage(): string | null {
  return existsSync(rootImage) ? null : 'the root disk is not built (node images/build.mjs disk)';
}

/** What `fsck -f` finds wrong with the file system in a file; it changes nothing. */
export function fileSystemFaults(path: string): string[] {
  const result = spawnSync('e2fsck', ['-f', '-n', path], { encoding: 'utf8' });
  if (result.status === 0) return [];
  const said = (result.error?.message ?? `${result.stdout}${result.stderr}`).trim();
  return [
    `e2fsck -f, status ${result.status ?? '?'}: ${said.split('\n').slice(0, 12).join(' / ')}`,
  ];
}

/** Where two copies of a disk differ, the reserved area left out. */
export function copyFaults(one: string, other: string): string[] {
  const bytes = statSync(one).size - reservedBytes;
  const [first, second] = [openSync(one, 'r'), openSync(other, 'r')];
  const [here, there] = [Buffer.alloc(pieceBytes), Buffer.alloc(pieceBytes)];
  const different: number[] = [];
  try {
    for (let offset = 0; offset < bytes; offset += pieceBytes) {
      const size = Math.min(pieceBytes, bytes - offset);
      readSync(first, here, 0, size, offset);
      readSync(second, there, 0, size, offset);
      if (here.compare(there, 0, size, 0, size) !== 0) different.push(offset);
    }
  } finally {
    closeSync(first);
    closeSync(second);
  }
  if (different.length === 0) return [];
  return [
    `the two copies differ in ${different.length} MiB, first in the one at offset ${different[0] ?? 0}`,
  ];
}
