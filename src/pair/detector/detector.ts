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
 * Timeouts that adapt to the observed jitter (phi accrual) are rejected: with log traffic and a dedicated
 * network the simple rule is as good, and its bound can be promised.
 */
export class FailureDetector {
  private silence = 0;
  private lastTickMs: number;
  private lastHeard: number;

  constructor(
    private readonly tickIntervalMs: number,
    nowMs: number,
  ) {
    this.lastTickMs = nowMs;
    this.lastHeard = nowMs;
  }

  /** Anything valid came from the peer: a heartbeat or a message of the channel. */
  heard(nowMs: number): void {
    this.silence = 0;
    this.lastHeard = nowMs;
  }

  /** Counts the time since the last tick, as far as we were awake; returns the silence in milliseconds. */
  tick(nowMs: number): number {
    const elapsedMs = Math.max(0, nowMs - this.lastTickMs);
    this.lastTickMs = nowMs;
    this.silence += Math.min(elapsedMs, this.tickIntervalMs + tickToleranceMs);
    return this.silence;
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
