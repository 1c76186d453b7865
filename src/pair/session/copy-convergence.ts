/**
 * When does a copy of a running machine stop running after the guest?
 *
 * Each round sends what the guest changed during the round before. What a round leaves shrinks as long as the guest
 * changes memory more slowly than it is copied; when what is left goes over within the pause aimed at, the guest is
 * paused. A guest that changes it faster is slowed, a step further after each round that does not shrink: slowing costs its
 * clients less than a long pause. One that even the last step does not tame is paused all the same, and so is any guest
 * after `roundsMax`: then the pause is as long as the rest takes.
 */
export class CopyConvergence {
  private rounds = 0;
  private beforeBytes = Infinity;
  private step = 0;

  /** `pauseMs`: what the rest may take, by the measured rate. */
  constructor(private readonly pauseMs: number) {}

  /** After a round: `leftBytes` were changed meanwhile, and `bytesPerMs` is what the rounds go at. */
  next(leftBytes: number, bytesPerMs: number): NextStep {
    this.rounds += 1;
    if (leftBytes <= bytesPerMs * this.pauseMs || this.rounds >= roundsMax) return 'pause';
    const shrinks = leftBytes < this.beforeBytes * shrinkingShare;
    this.beforeBytes = leftBytes;
    if (!shrinks) {
      if (this.step === speedShares.length - 1) return 'pause';
      this.step += 1;
    }
    return { speedShare: speedShares[this.step] ?? 1 };
  }
}

/** Another round, with the guest at this share of its speed; or the last one. */
export type NextStep = 'pause' | { readonly speedShare: number };

const shrinkingShare = 0.8;
const roundsMax = 30;
const speedShares = [1, 0.6, 0.35, 0.2, 0.1, 0.05];
