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
  heartbeat(generation: bigint, counter: bigint, nowMs: number): void {
    if (generation !== this.generation || counter <= this.lastCounter) return;
    this.lastCounter = counter;
    this.beats += 1;
    this.detector.heard(nowMs);
  }

  /** Call at every tick. */
  tick(nowMs: number): Action[] {
    this.detector.tick(nowMs);
    if (nowMs < this.nextBeatMs) return [];
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
