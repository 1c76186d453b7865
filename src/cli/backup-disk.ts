import { VmftError } from '../base/errors.js';
import type { GuestDisk } from '../flow/machine/machine.js';
import type { Disk } from '../flow/world/disk.js';
import { reservationUse, type Reservation } from '../flow/world/disk-reservation.js';

/** Whether a disk of a joining backup can be the machine's disk `index`. */

/** Throws `disk-unusable` for blocks of another size, and for a disk that is too small for a copy. */
export function requireCopyRoom(index: number, guest: GuestDisk, disk: Disk): void {
  requireSameBlocks(index, guest, disk);
  if (disk.capacityBytes >= guest.capacityBytes) return;
  throw new VmftError(
    'disk-unusable',
    `${disk.url} has room for ${disk.capacityBytes} bytes, the primary’s disk ${index} has ${guest.capacityBytes}`,
    'name a disk of the same size or a larger one',
  );
}

/**
 * Throws `disk-not-shared` where it is not the very disk that the primary has: its reservation says which disk it
 * is and, unless it is only read, that the machine uses it now, which a copy of the disk does not.
 */
export function requireSameDisk(
  index: number,
  guest: GuestDisk,
  disk: Disk,
  reservation: Reservation | null,
  machineId: string,
): void {
  requireSameBlocks(index, guest, disk);
  const uuid = reservation?.uuid ?? '';
  const used = reservation?.state === 'in-use' && reservation.machineId === machineId;
  const same = uuid === guest.uuid && disk.capacityBytes === guest.capacityBytes;
  if (same && (used || guest.readOnly)) return;
  const theirs = `(${guest.url}, ${named(guest.uuid)}, ${guest.capacityBytes} bytes)`;
  const state = same && reservation !== null ? reservationUse(reservation) : named(uuid);
  const ours = `${disk.url} (${state}, ${disk.capacityBytes} bytes)`;
  throw new VmftError(
    'disk-not-shared',
    `the primary’s disk ${index} ${theirs} is another one than ${ours}`,
    'name the disk that both hosts share, or hold it private',
  );
}

function named(uuid: string): string {
  return uuid === '' ? 'never used by vmft' : `uuid ${uuid}`;
}

function requireSameBlocks(index: number, guest: GuestDisk, disk: Disk): void {
  if (disk.blockBytes === guest.blockBytes) return;
  throw new VmftError(
    'disk-unusable',
    `${disk.url} has blocks of ${disk.blockBytes} bytes, the primary’s disk ${index} of ${guest.blockBytes}`,
    'name a disk with blocks of that size',
  );
}
