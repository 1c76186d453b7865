/** A count that grows, as it was told over time, and how fast it grew. */

import { VmftError } from '../../base/errors.js';

export interface Told {
  readonly count: number;
  /** When it arrived here, milliseconds by a clock that never goes back. */
  readonly atMs: number;
}

/** Enough for a minute of ten a second. */
const toldMax = 600;

export class Counts {
  private readonly told: Told[] = [];

  add(count: number, atMs: number): void {
    this.told.push({ count, atMs });
    if (this.told.length > toldMax) this.told.shift();
  }

  /** The first count of all is not told again: who waits for work waits for growth. */
  get growing(): boolean {
    const [first] = this.told;
    return first !== undefined && (this.told.at(-1)?.count ?? 0) > first.count;
  }

  /** The first above `above` that was told at this time or later; null: none was until now. */
  firstFrom(atMs: number, above = -1): Told | null {
    return this.told.find((told) => told.atMs >= atMs && told.count > above) ?? null;
  }
}

/** How fast it grew between two moments at which it was known. Throws `internal` when it did not. */
export function perSecond(from: Told, to: Told): number {
  const [grown, elapsedMs] = [to.count - from.count, to.atMs - from.atMs];
  if (grown <= 0 || elapsedMs <= 0)
    throw new VmftError('internal', `the workload stood still for ${Math.round(elapsedMs)} ms`);
  return (grown * 1000) / elapsedMs;
}
