import type { GuestHashes } from '../flow/log/guest-config.js';
import type { Accelerator } from '../flow/machine/accelerator.js';
import type { GuestConfig, GuestDisk, Machine } from '../flow/machine/machine.js';
import type { GuestImages } from '../flow/machine/native-machine.js';
import { systemClock } from '../flow/world/system-clock.js';
import { systemRandom } from '../flow/world/system-random.js';
import { readGuestFiles, requireHostMemory } from './guest-files.js';
import { findGuest, type GuestOptions } from './guest-images.js';
import type { AcceleratorOptions } from './options/accelerator.js';
import { defaultMemoryBytes } from './options/memory-size.js';
import { randomMac, type NetworkOption } from './options/network.js';
import { acceleratorHere, newGuestCpu } from './usable-kvm.js';

/** What of `vmft run`'s options makes the guest. */
export interface GuestToRunOptions extends GuestOptions, AcceleratorOptions {
  readonly memory?: number;
  readonly net?: NetworkOption;
}

/** A guest that is to run here: one that boots, or one that goes on (restored-guest.ts). */
export interface GuestToRun {
  readonly accelerator: Accelerator;
  /** Null: it is restored. */
  readonly images: GuestImages | null;
  /** Of its files. */
  readonly hashes: GuestHashes;
  /** With these disks. Throws `snapshot-mismatch` when it cannot have them. */
  config(disks: readonly GuestDisk[]): GuestConfig;
  /** What a created machine needs before it runs; null: nothing. */
  readonly restore: ((machine: Machine) => Promise<void>) | null;
}

/** A guest that boots. Throws what is wrong with the options, its files or this host. */
export async function freshGuest(
  name: string | undefined,
  options: GuestToRunOptions,
): Promise<GuestToRun> {
  const accelerator = acceleratorHere(options);
  const cpu = newGuestCpu(accelerator);
  const image = findGuest(name, options);
  const memoryBytes = options.memory ?? defaultMemoryBytes;
  requireHostMemory(memoryBytes);
  const files = await readGuestFiles(image.kernelPath, image.initramfsPath);
  const { net } = options;
  return {
    accelerator,
    images: files,
    hashes: files.hashes,
    config: (disks) => ({
      memoryBytes,
      ...image,
      mac: net === undefined ? null : (net.mac ?? randomMac(systemRandom)),
      randomSeed: systemRandom.bytes(32),
      realtimeNs: BigInt(Math.round(systemClock.realtimeMs())) * 1_000_000n,
      cpu,
      disks,
    }),
    restore: null,
  };
}
