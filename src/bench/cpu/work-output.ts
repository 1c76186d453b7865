/** What a workload of images/bench-disk/overlay/usr/lib/vmft/bench/work/run tells, wherever it runs. Pure. */

import type { TimedLine } from './line-times.js';

export interface WorkResult {
  /** From the line that it begins to the line that it ends, as they arrived here. */
  readonly wallMs: number;
  /** The same by the clock of where it ran. */
  readonly ownMs: number;
  /** Equal wherever the same work was done right. */
  readonly checksum: string;
}

/** Null when it did not come to its end. */
export function parseWork(lines: readonly TimedLine[], name: string): WorkResult | null {
  const at = (text: string): number | null =>
    lines.find((line) => line.text === `work: ${name} ${text}`)?.atMs ?? null;
  const [beginsMs, endsMs] = [at('begins'), at('ends')];
  const pattern = new RegExp(`^work: ${name} result (\\d+-\\d+) guest (\\d+) ms$`);
  const [, checksum, ownMs] = lines.map(({ text }) => pattern.exec(text)).find(Boolean) ?? [];
  if (beginsMs === null || endsMs === null || checksum === undefined) return null;
  return { wallMs: endsMs - beginsMs, ownMs: Number(ownMs), checksum };
}
