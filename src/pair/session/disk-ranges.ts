import type { DiskRange } from '../../flow/machine/machine.js';

/**
 * The same ranges in order, those that overlap or lie close together as one: what lies between costs less to
 * copy than a request of its own.
 */
export function coalesce(ranges: readonly DiskRange[]): DiskRange[] {
  const sorted = [...ranges].sort((a, b) => Number(a.offset - b.offset));
  const merged: DiskRange[] = [];
  for (const range of sorted) {
    const last = merged[merged.length - 1];
    if (last === undefined || range.offset > last.offset + last.bytes + gapBytes) {
      merged.push(range);
      continue;
    }
    const end = range.offset + range.bytes;
    const lastEnd = last.offset + last.bytes;
    if (end > lastEnd) merged[merged.length - 1] = { ...last, bytes: end - last.offset };
  }
  return merged;
}

/** Without what lies behind `endBytes`: a host's disk may be larger than the guest's, and changes are told in granules. */
export function within(ranges: readonly DiskRange[], endBytes: bigint): DiskRange[] {
  return ranges.flatMap(({ offset, bytes }) => {
    const room = endBytes - offset;
    return room <= 0n ? [] : [{ offset, bytes: bytes < room ? bytes : room }];
  });
}

export function totalBytes(ranges: readonly DiskRange[]): bigint {
  return ranges.reduce((sum, { bytes }) => sum + bytes, 0n);
}

const gapBytes = 32n << 10n;
