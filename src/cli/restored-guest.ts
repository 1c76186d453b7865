import { VmftError } from '../base/errors.js';
import type { GuestDisk } from '../flow/machine/machine.js';
import { restoreSnapshot } from '../flow/snapshot/restore-snapshot.js';
import type { SnapshotHeader } from '../flow/snapshot/snapshot-format.js';
import { inspectSnapshot, SnapshotFileReader } from '../flow/world/snapshot-file-reader.js';
import { buildIdentity } from './build-identity.js';
import { requireHostMemory } from './guest-files.js';
import type { GuestToRun, GuestToRunOptions } from './guest-to-run.js';
import { formatMemorySize } from './options/memory-size.js';
import { formatMac } from './options/network.js';
import { acceleratorHere, newGuestCpu } from './usable-kvm.js';

/**
 * A guest that goes on from a snapshot file. All of the file is looked through first: a bad one is refused before anything
 * is made or touched. Throws `snapshot-unreadable`, `image-version`, `image-corrupt`; `snapshot-mismatch` for
 * options that say another machine.
 */
export async function restoredGuest(path: string, options: GuestToRunOptions): Promise<GuestToRun> {
  const { header } = await inspectSnapshot(path);
  requireSameMachine(path, header, options);
  const accelerator = acceleratorHere(options);
  // Whether this CPU is the guest's is looked at when the machine is made.
  newGuestCpu(accelerator);
  requireHostMemory(header.guest.memoryBytes);
  note(path, header);
  return {
    accelerator,
    images: null,
    hashes: header.hashes,
    config: (disks) => {
      requireSameDisks(path, header.guest.disks, disks);
      return { ...header.guest, disks };
    },
    restore: async (machine) => {
      const { reader } = await SnapshotFileReader.open(path);
      await restoreSnapshot(machine, reader).finally(() => reader.close());
    },
  };
}

function requireSameMachine(
  path: string,
  { accelerator, guest }: SnapshotHeader,
  options: GuestToRunOptions,
): void {
  if (accelerator !== options.accel) {
    throw mismatch(
      path,
      `a guest on accelerator ${accelerator}, and the accelerator is ${options.accel}`,
      `use --accel ${accelerator}`,
    );
  }
  const { memory, net } = options;
  if (memory !== undefined && memory !== guest.memoryBytes) {
    const [has, said] = [guest.memoryBytes, memory].map(formatMemorySize);
    throw mismatch(path, `a guest with ${has} of memory, and --memory says ${said}`, leaveOut);
  }
  if (net !== undefined && guest.mac === null) {
    throw mismatch(path, 'a guest without a network device', 'leave --net out');
  }
  if (net?.mac && guest.mac !== null && !net.mac.equals(guest.mac)) {
    const [has, said] = [guest.mac, net.mac].map(formatMac);
    throw mismatch(path, `a guest whose address is ${has}, and --net says ${said}`, leaveOut);
  }
}

/** Whether what is on them is what it was, nobody can say but who kept them. */
function requireSameDisks(
  path: string,
  wanted: readonly GuestDisk[],
  given: readonly GuestDisk[],
): void {
  if (wanted.length !== given.length) {
    const has = wanted.length === 1 ? '1 disk' : `${wanted.length} disks`;
    throw mismatch(
      path,
      `a guest with ${has}, and --disk names ${given.length}`,
      'name all of them with --disk, in the order in which the guest was started with them',
    );
  }
  wanted.forEach((disk, index) => {
    const other = given[index];
    const difference = other === undefined ? null : diskDifference(disk, other);
    if (difference === null) return;
    throw mismatch(path, `a guest whose disk ${index} ${difference}`, 'give it a disk as it had');
  });
}

function diskDifference(disk: GuestDisk, other: GuestDisk): string | null {
  if (disk.capacityBytes !== other.capacityBytes)
    return `has ${disk.capacityBytes} bytes, and this one ${other.capacityBytes}`;
  if (disk.blockBytes !== other.blockBytes)
    return `has blocks of ${disk.blockBytes} bytes, and this one of ${other.blockBytes}`;
  if (disk.holding !== other.holding) return `is ${disk.holding}, and this one ${other.holding}`;
  if (disk.readOnly !== other.readOnly)
    return disk.readOnly ? 'can only be read' : 'can be written, and this one not';
  if (disk.serial !== other.serial)
    return `has the serial "${disk.serial}", and this one "${other.serial}"`;
  return null;
}

const leaveOut = 'leave it out: the snapshot says it';

function mismatch(path: string, what: string, whatToDo: string): VmftError {
  return new VmftError('snapshot-mismatch', `${path} is of ${what}`, whatToDo);
}

function note(path: string, { build, realtimeMs }: SnapshotHeader): void {
  const taken = new Date(realtimeMs).toISOString();
  const other = build === buildIdentity() ? '' : `, written by vmft ${build}`;
  process.stderr.write(`vmft: note: the guest goes on from ${path}, taken ${taken}${other}\n`);
}
