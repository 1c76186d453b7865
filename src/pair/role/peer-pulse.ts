import type { PairSettings } from '../../base/limits.js';
import { FailureDetector } from '../detector/detector.js';
import type { Action } from './role.js';

/**
 * How a replica beats while its role rests: nothing happens, and it is woken only when there is something to decide
 * (native/world/heartbeat_rest.h). A beat goes out as long as all that came since the last one is the peer's next heartbeats, the
 * newest of them is not late, and the rest is not over; else the role looks. What was sent and heard it is told as
 * `rested`, before any other event, and takes in as if it had ticked at each beat.
 */
export interface Rest {
  readonly generation: bigint;
  /** The number of the last heartbeat sent, and of the newest heard. */
  readonly sent: bigint;
  readonly heard: bigint;
  /** When the next beat is due, and how far apart they are. */
  readonly dueMs: number;
  readonly periodMs: number;
  /** When the peer was last heard; it is late when that was longer ago than `lateAfterMs`. */
  readonly heardMs: number;
  readonly lateAfterMs: number;
  /** From then on no beat goes out. */
  readonly untilMs: number;
}

/** A beat that went out in a rest. */
export interface RestBeat {
  /** Before it was sent. */
  readonly atMs: number;
  /** Its number. */
  readonly sent: bigint;
  /** What had come since the beat before, oldest first. It answers the newest that was ever heard. */
  readonly heard: readonly {
    readonly counter: bigint;
    readonly echo: bigint;
    readonly atMs: number;
  }[];
}

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
    if (!calm || this.late(nowMs)) return tickIntervalMs;
    const dueMs = Math.min(this.nextBeatMs - nowMs, heartbeatIntervalMs);
    const waitMs = Math.max(dueMs, tickIntervalMs);
    this.detector.expectWithin(waitMs);
    return waitMs;
  }

  private late(nowMs: number): boolean {
    return Math.max(this.silenceMs, nowMs - this.lastHeardMs) > this.lateAfterMs;
  }

  private get lateAfterMs(): number {
    const { heartbeatIntervalMs, tickIntervalMs } = this.settings;
    return heartbeatIntervalMs + 2 * tickIntervalMs;
  }

  /** A rest of a pair in which nothing is under way; null: the peer's heartbeats are late, or have not begun. */
  rest(nowMs: number): Rest | null {
    if (this.beats === 0 || this.late(nowMs)) return null;
    const { heartbeatIntervalMs, tickIntervalMs } = this.settings;
    const dueMs = Math.min(this.nextBeatMs, nowMs + heartbeatIntervalMs);
    this.nextBeatMs = dueMs;
    this.detector.expectWithin(Math.max(dueMs - nowMs, tickIntervalMs));
    return {
      generation: this.generation,
      sent: this.counter,
      heard: this.lastCounter,
      dueMs,
      periodMs: heartbeatIntervalMs,
      heardMs: this.lastHeardMs,
      lateAfterMs: this.lateAfterMs,
      untilMs: nowMs + restMs,
    };
  }

  /** What went out and was heard in a rest: as if a tick had come at each beat, and `heartbeat` been called before it. */
  rested(beats: readonly RestBeat[]): void {
    for (const { atMs, sent, heard } of beats) {
      for (const { counter, atMs: heardMs } of heard) {
        this.heartbeat(this.generation, counter, atMs, Math.max(0, atMs - heardMs));
      }
      this.detector.tick(atMs);
      this.detector.expectWithin(this.settings.heartbeatIntervalMs);
      this.nextBeatMs = Math.max(this.nextBeatMs + this.settings.heartbeatIntervalMs, atMs);
      this.counter = sent;
    }
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

/**
 * Two pieces of log within this time, and the guest is at work: its primary may wait for answers to its heartbeats, which are given, and
 * looked for, at each tick. Of a guest that rests it comes more seldom (native/runner/recorder.h).
 */
export const busyLogMs = 200;

/**
 * A role that rests looks at least so often, whatever happens. What a heartbeat vouches for does not hang on it: in a rest, too, it
 * comes from a timer of the event loop that the role runs in.
 */
const restMs = 1_000;

/** Timers count whole milliseconds: one for a beat may come so much before it. */
const timerEarlyMs = 1;
