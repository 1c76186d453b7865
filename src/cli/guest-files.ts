import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

import { VmftError } from '../base/errors.js';
import type { GuestHashes } from '../flow/log/guest-config.js';
import { hashFile } from '../flow/world/file-hash.js';

/** A guest's files, read, and their names in log headers. */
export interface GuestFiles {
  readonly kernel: Buffer;
  readonly initramfs: Buffer | null;
  readonly hashes: GuestHashes;
}

/** Throws `kernel-unusable`, `initramfs-unusable` for a file that cannot be had; what is in them the machine looks at. */
export async function readGuestFiles(
  kernelPath: string,
  initramfsPath: string | null,
): Promise<GuestFiles> {
  const kernel = await readGuestFile(kernelPath, 'kernel-unusable', 'kernel', '--kernel');
  const initramfs =
    initramfsPath === null
      ? null
      : await readGuestFile(initramfsPath, 'initramfs-unusable', 'initramfs', '--initrd');
  const hashes = {
    kernel: await hashFile(kernelPath),
    initramfs: await hashFile(initramfsPath),
  };
  return { kernel, initramfs, hashes };
}

/** No guest file is larger: what is was not meant. */
const fileBytesMax = 2 ** 30;

async function readGuestFile(
  path: string,
  code: 'kernel-unusable' | 'initramfs-unusable',
  what: string,
  option: string,
): Promise<Buffer> {
  const advice = `name a file that this user may read with ${option}`;
  try {
    const info = await stat(path);
    if (!info.isFile()) throw new VmftError(code, `the ${what} ${path} is not a file`, advice);
    if (info.size === 0) throw new VmftError(code, `the ${what} ${path} is empty`, advice);
    if (info.size > fileBytesMax) {
      throw new VmftError(code, `the ${what} ${path} is larger than 1 GiB`, advice);
    }
    return await readFile(path);
  } catch (error) {
    if (error instanceof VmftError) throw error;
    const name = (error as { code?: string }).code;
    const why = name === 'ENOENT' ? 'no such file' : (name ?? String(error));
    throw new VmftError(code, `cannot read the ${what} ${path}: ${why}`, advice, error);
  }
}

/** A guest with memory that the host does not have would be killed later. Throws `memory-unavailable`. */
export function requireHostMemory(memoryBytes: number): void {
  const available = availableMemoryBytes();
  if (available === null || memoryBytes <= available) return;
  const mib = (bytes: number): string => `${Math.floor(bytes / 2 ** 20)} MiB`;
  throw new VmftError(
    'memory-unavailable',
    `the guest is to have ${mib(memoryBytes)} of memory, and this host has ${mib(available)} left`,
    'give it less with --memory',
  );
}

/** Memory that programs can still get, by the kernel's own estimate; null when it does not say. */
export function availableMemoryBytes(): number | null {
  try {
    const match = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'));
    return match?.[1] === undefined ? null : Number(match[1]) * 1024;
  } catch {
    return null;
  }
}
