import { VmftError } from '../../base/errors.js';
import type { Disk } from '../../flow/world/disk.js';
import { decodeFlagBlock, type DiskFlag } from './flag-block.js';

/** The arbiter's block of a disk's reserved area (docs/disks.md), as a person looks at it and clears it. */

export const flagBlock = 1;

/** null: there is none. Rejects with `disk-unusable` for something foreign. */
export async function readDiskFlag(disk: Disk): Promise<DiskFlag | null> {
  return flagOf(await disk.readReserved(flagBlock), disk.url);
}

/**
 * Empties the block. For a person who knows that neither replica lives: no generation that it named can be won
 * any more.
 */
export async function clearDiskFlag(disk: Disk): Promise<void> {
  const block = await disk.readReserved(flagBlock);
  if (flagOf(block, disk.url) === null) return;
  if (await disk.compareAndWrite(flagBlock, block, Buffer.alloc(disk.blockBytes))) return;
  throw new VmftError(
    'disk-in-use',
    `the arbiter’s flag on ${disk.url} changed just now: a replica lives`,
    'stop it first',
  );
}

/** Throws `disk-unusable`. */
export function flagOf(block: Buffer, url: string): DiskFlag | null {
  const flag = decodeFlagBlock(block);
  if (flag === null) {
    throw new VmftError(
      'disk-unusable',
      `the reserved area of ${url} holds something that is not a flag of vmft`,
      'grow the disk by 1 MiB, which vmft needs for itself',
    );
  }
  return flag === 'empty' ? null : flag;
}
