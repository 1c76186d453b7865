/**
 * The failure detector: when is silence long enough to suspect the peer?
 *
 * Suspicion is only a suspicion: nothing changes but that arbitration starts (design §6), so a false
 * one costs protection, never correctness. What is worth care is the commonest false one: *we* were
 * stopped (a blocked event loop, SIGSTOP, a starved host), and the peer's messages lie unread in our sockets.
 * Comparing the wall clock with the last message would then suspect a healthy peer the moment we wake.
 *
 * So silence is not measured by the clock but by our own ticks: each adds the time since the last one,
 * but never more than it would take if the timer were on time, within `tickToleranceMs`. A timer that is late by X
 * thus extends the silence by X. Since the event loop reads its sockets between two timers, a silence of
 * 250 ms is about 25 occasions on which a waiting message would have been seen. The cost is that a host which is
 * always slow with its timers suspects later, which is what one wants of it.
 *
 * A pair that is calm ticks as seldom as it beats: waking is most of what an idle guest costs. Then a tick is on time when it comes
 * within what was said to be the longest until it ({@link expectWithin}), and whoever ticks has looked first at what lay in the
 * heartbeats' socket, which tells when each came. So as many milliseconds are counted as would be by fast ticks.
 *
 * Timeouts that adapt to the observed jitter (phi accrual) are rejected: with log traffic and a dedicated
 * network the simple rule is as good, and its bound can be promised.
 */
export class FailureDetector {
  private silence = 0;
  /** The silence is counted up to here. */
  private countedMs: number;
  private lastHeard: number;
  /** The longest until the next tick, of what was said since the last one. */
  private withinMs: number;

  constructor(
    private readonly tickIntervalMs: number,
    nowMs: number,
  ) {
    this.countedMs = nowMs;
    this.lastHeard = nowMs;
    this.withinMs = tickIntervalMs;
  }

  /** The next tick comes in this time: it is not late before. */
  expectWithin(ms: number): void {
    this.withinMs = Math.max(this.withinMs, ms);
  }

  /** Anything valid came from the peer, a heartbeat or a message of the channel; `ageMs` ago, which is found out only now. */
  heard(nowMs: number, ageMs = 0): void {
    const heardMs = nowMs - ageMs;
    if (heardMs < this.lastHeard) return;
    this.silence = Math.min(ageMs, this.awakeMs(nowMs));
    this.countedMs = nowMs;
    this.lastHeard = heardMs;
  }

  /** Counts the time since the last tick, as far as we were awake; returns the silence in milliseconds. */
  tick(nowMs: number): number {
    this.silence += this.awakeMs(nowMs);
    this.countedMs = nowMs;
    this.withinMs = this.tickIntervalMs;
    return this.silence;
  }

  private awakeMs(nowMs: number): number {
    return Math.min(Math.max(0, nowMs - this.countedMs), this.withinMs + tickToleranceMs);
  }

  /** Silence as of the last tick, in milliseconds in which we were awake. */
  get silenceMs(): number {
    return this.silence;
  }

  /** When the peer was last heard, on the clock of `nowMs`. */
  get lastHeardMs(): number {
    return this.lastHeard;
  }
}

/** Timers of a healthy event loop are late by this much at most; more is counted as being stopped. */
const tickToleranceMs = 5;
