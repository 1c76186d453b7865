/** A small seeded generator (mulberry32): the same seed gives the same schedule, on every machine. */
export class SeededRandom {
  private state: number;

  constructor(seed: number) {
    this.state = (seed ^ 0x5bd1e995) >>> 0;
  }

  /** 0 … 2^32 − 1. */
  word(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** min ≤ result < max. */
  between(min: number, max: number): number {
    return min + ((max - min) * this.word()) / 2 ** 32;
  }

  /** A whole number, min ≤ result ≤ max. */
  whole(min: number, max: number): number {
    return min + (this.word() % (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.word() < probability * 2 ** 32;
  }

  pick<T>(from: readonly T[]): T {
    const found = from[this.word() % from.length];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  }
}
