import type { PairSettings } from '../../base/limits.js';
import { FailureDetector } from '../detector/detector.js';
import type { Action } from './role.js';

/** A generation's heartbeats, both ways: ours when they are due, the peer's into the detector. */
export class PeerPulse {
  private readonly detector: FailureDetector;
  private lastCounter = 0n;
  private nextBeatMs: number;
  private beats = 0;
  private counter: bigint;

  constructor(
    private readonly generation: bigint,
    private readonly settings: PairSettings,
    nowMs: number,
    /** The number of the last heartbeat sent in this generation, by an earlier role. */
    lastSent = 0n,
  ) {
    this.counter = lastSent;
    this.detector = new FailureDetector(settings.tickIntervalMs, nowMs);
    this.nextBeatMs = nowMs;
  }

  /** The peer's heartbeats counted so far. */
  get beatsHeard(): number {
    return this.beats;
  }

  /** The number of the last heartbeat sent. */
  get lastSent(): bigint {
    return this.counter;
  }

  get silenceMs(): number {
    return this.detector.silenceMs;
  }

  get lastHeardMs(): number {
    return this.detector.lastHeardMs;
  }

  /** A message of this generation's channel is as good a sign of life as a heartbeat. */
  heard(nowMs: number): void {
    this.detector.heard(nowMs);
  }

  /** Another generation's heartbeat, and a repeated or overtaken one, is no sign of life. */
  heartbeat(generation: bigint, counter: bigint, nowMs: number, ageMs = 0): void {
    if (generation !== this.generation || counter <= this.lastCounter) return;
    this.lastCounter = counter;
    this.beats += 1;
    this.detector.heard(nowMs, ageMs);
  }

  /**
   * How long the next tick may wait: of a pair in which nothing else is `calm` no longer than the timer's period; of one that is, until a
   * beat is due, unless the peer's are late.
   */
  tickAfterMs(calm: boolean, nowMs: number): number {
    const { heartbeatIntervalMs, tickIntervalMs } = this.settings;
    const sinceMs = Math.max(this.silenceMs, nowMs - this.lastHeardMs);
    if (!calm || sinceMs > heartbeatIntervalMs + 2 * tickIntervalMs) return tickIntervalMs;
    const dueMs = Math.min(this.nextBeatMs - nowMs, heartbeatIntervalMs);
    const waitMs = Math.max(dueMs, tickIntervalMs);
    this.detector.expectWithin(waitMs);
    return waitMs;
  }

  /** Call at every tick. */
  tick(nowMs: number): Action[] {
    this.detector.tick(nowMs);
    if (nowMs + timerEarlyMs < this.nextBeatMs) return [];
    this.nextBeatMs = Math.max(this.nextBeatMs + this.settings.heartbeatIntervalMs, nowMs);
    return [this.beat()];
  }

  /** An answer to the peer's heartbeat: at once, in the place of the next that is due. */
  answer(nowMs: number): Action {
    const { heartbeatIntervalMs, tickIntervalMs } = this.settings;
    this.nextBeatMs = nowMs + heartbeatIntervalMs + 2 * tickIntervalMs;
    return this.beat();
  }

  private beat(): Action {
    this.counter += 1n;
    const { generation, counter, lastCounter: echo } = this;
    return { do: 'send-heartbeat', generation, counter, echo };
  }
}

/** Timers count whole milliseconds: one for a beat may come so much before it. */
const timerEarlyMs = 1;
