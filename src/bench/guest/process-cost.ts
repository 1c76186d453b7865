/** What the kernel says about a process. Linux only; see proc(5). */

import { readFileSync } from 'node:fs';

/** USER_HZ: 100 on every x86-64 Linux. */
const msPerTick = 10;

/** A number for each of the two replicas. */
export interface OfBoth {
  readonly primary: number;
  readonly backup: number;
}

/** User and system time so far, milliseconds; 10 ms fine. */
export function cpuTimeMs(processId: number): number {
  const stat = readFileSync(`/proc/${processId}/stat`, 'latin1');
  return cpuTimeMsOf(stat);
}

/** Fields 14 and 15; the name in field 2 may hold anything, so count from its last parenthesis. */
export function cpuTimeMsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * msPerTick;
}

/** Resident bytes outside the mapping that is the guest's memory. */
export function overheadBytes(processId: number, guestMemoryBytes: number): number {
  return overheadBytesOf(readFileSync(`/proc/${processId}/smaps`, 'latin1'), guestMemoryBytes);
}

/**
 * The guest's memory is the smallest mapping that can hold it. Subtracting the guest's size from the whole
 * would flatter: a guest seldom touches all of its memory. The kernel may have merged
 * another mapping into it; what is resident beyond the guest's size counts as ours. Shared memory that is mapped twice, as
 * translated code is to be written and to be executed, counts once.
 */
export function overheadBytesOf(smaps: string, guestMemoryBytes: number): number {
  const shared = new Map<string, number>();
  let total = 0;
  let guest = { bytes: Infinity, resident: 0 };
  let bytes = 0;
  let sharedMemory: string | null = null;
  for (const line of smaps.split('\n')) {
    const header = /^([0-9a-f]+)-([0-9a-f]+) ...(.) (\S+ \S+ \S+)/.exec(line);
    if (header !== null) {
      bytes = Number(`0x${header[2]}`) - Number(`0x${header[1]}`);
      sharedMemory = header[3] === 's' ? (header[4] ?? null) : null;
    }
    const resident = /^Rss: +(\d+) kB/.exec(line);
    if (resident === null) continue;
    const size = Number(resident[1]) * 1024;
    if (sharedMemory === null) total += size;
    else shared.set(sharedMemory, Math.max(shared.get(sharedMemory) ?? 0, size));
    if (bytes >= guestMemoryBytes && size > 0 && bytes < guest.bytes)
      guest = { bytes, resident: size };
  }
  for (const size of shared.values()) total += size;
  return total - Math.min(guest.resident, guestMemoryBytes);
}
