/** What a correct counter answers: after a `get` answered with n, each `inc` is answered with one more. */
export class CounterCheck {
  /** Of increments; and when the last answer came, milliseconds since 1970. */
  answers = 0;
  lastRealtimeMs = 0;
  private expected: bigint | null = null;
  private lost = 0n;
  private duplicated = 0n;
  private final = false;
  private readonly gaps: (readonly [number, number])[] = [];

  /** The next answer is that of a `get` that ends the check. */
  finalGet(): void {
    this.final = true;
  }

  /** Takes one answer; true when it was the last. */
  answer(line: string, realtimeMs: number): boolean {
    const value = /^\d{1,18}$/.test(line) ? BigInt(line) : -1n;
    if (this.expected === null) {
      this.expected = value;
      this.lastRealtimeMs = realtimeMs;
      return false;
    }
    const wanted = this.final ? this.expected : this.expected + 1n;
    if (value < wanted) this.lost += wanted - value;
    if (value > wanted) this.duplicated += value - wanted;
    this.expected = value;
    this.noteGap(realtimeMs);
    if (this.final) return true;
    this.answers += 1;
    return false;
  }

  result(): {
    increments: number;
    lost: number;
    duplicated: number;
    gaps: readonly (readonly [number, number])[];
  } {
    const longest = [...this.gaps].sort((one, other) => other[1] - other[0] - (one[1] - one[0]));
    return {
      increments: this.answers,
      lost: Number(this.lost),
      duplicated: Number(this.duplicated),
      gaps: longest.slice(0, gapsMax),
    };
  }

  private noteGap(realtimeMs: number): void {
    if (realtimeMs - this.lastRealtimeMs >= gapMsMin) {
      this.gaps.push([this.lastRealtimeMs, realtimeMs]);
    }
    this.lastRealtimeMs = realtimeMs;
  }
}

const gapMsMin = 5;
const gapsMax = 1000;
