/**
 * Time as a parameter. The detector, gate and roles get the time with each event; the session drivers
 * get a clock; only src/flow/world/system-clock.ts reads the host's.
 */
export interface Clock {
  /** Milliseconds from an arbitrary start, the machine's own (Machine.releaseOutputs); never runs backwards. */
  nowMs(): number;
  /** Milliseconds since 1970 (UTC), for showing to people and for comparing two hosts' events only. */
  realtimeMs(): number;
  /** Calls `run` once after at least `delayMs`; the result cancels it. */
  after(delayMs: number, run: () => void): () => void;
  /** Calls `run` about every `periodMs`; the result ends it. */
  every(periodMs: number, run: () => void): () => void;
}
