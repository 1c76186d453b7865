/** A count that grows, as it was told over time, and how fast it grew. */

import { VmftError } from '../../base/errors.js';

interface Told {
  readonly count: number;
  /** When it arrived here. */
  readonly atMs: number;
}

/** Enough for a minute of ten a second. */
const toldMax = 600;

export class Counts {
  private readonly told: Told[] = [];

  /** @param atMs by one clock that never goes back */
  add(count: number, atMs: number): void {
    this.told.push({ count, atMs });
    if (this.told.length > toldMax) this.told.shift();
  }

  /** The first count of all is not told again: who waits for work waits for growth. */
  get growing(): boolean {
    const [first] = this.told;
    return first !== undefined && (this.told.at(-1)?.count ?? 0) > first.count;
  }

  /**
   * A second, between the first and the last that were told within this time: both edges are moments at which the count
   * was known. Throws `internal` when fewer than two were, or they are equal.
   */
  perSecond(fromMs: number, toMs: number): number {
    const within = this.told.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    const [first] = within;
    const last = within.at(-1);
    if (first === undefined || last === undefined || last.count <= first.count)
      throw new VmftError(
        'internal',
        `the workload stood still: ${within.length} counts within ${Math.round(toMs - fromMs)} ms`,
      );
    return ((last.count - first.count) * 1000) / (last.atMs - first.atMs);
  }
}
