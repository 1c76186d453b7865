/**
 * Keeps the backup's execution close behind the primary's (design §5, FT paper §2.3 "Managing backup
 * lag"): the lag is what a failover must execute before it can go live.
 *
 * A proportional rule: up to four fifths of the limit the primary runs free (a segment that is executed
 * while the next one comes is some 40 ms by itself); from there its share of the vCPU falls linearly, to `shareMin` at twice the limit. A backup that executes at 0.9 of the primary's speed thus settles where
 * the share is 0.9, close to the limit, with no oscillation to damp, and a little smoothing hides the
 * grain of the progress reports. An integral term would remove the offset, but overshoots after each stall.
 */
export class LagControl {
  private share = 1;
  private reported = 1;

  constructor(private readonly lagLimitMs: number) {}

  /** The lag in milliseconds of virtual time → the share to set, or null when the last one still serves. */
  update(lagMs: number): number | null {
    const start = this.lagLimitMs * startOfLimit;
    const end = this.lagLimitMs * endOfLimit;
    const excess = Math.min(1, Math.max(0, (lagMs - start) / (end - start)));
    const target = 1 - excess * (1 - shareMin);
    this.share += (target - this.share) * smoothing;
    if (target === 1 && this.share > 0.99) this.share = 1;
    const changed = Math.abs(this.share - this.reported) >= reportStep;
    if (!changed && !(this.share === 1 && this.reported !== 1)) return null;
    this.reported = this.share;
    return this.share;
  }
}

const shareMin = 0.02;
const startOfLimit = 0.8;
const endOfLimit = 2;
const smoothing = 0.3;
const reportStep = 0.01;
