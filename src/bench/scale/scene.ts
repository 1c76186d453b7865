/** What a row of scale is measured on. */

import type { BenchGuest } from '../guest/bench-guest.js';
import type { ScaleSubject } from '../suite/result.js';

/** Guests at work, unprotected. */
export interface Scene {
  readonly guests: readonly BenchGuest[];
  /** What all of them do a second, by the host's clock, over about `durationMs` from now. Throws `internal` when nothing. */
  perSecond(durationMs: number): Promise<number>;
  /** Its load ends; the guests may stay for the next one. */
  end(): void;
}

/** What grows from row to row. */
export interface Subject {
  readonly name: ScaleSubject;
  readonly unit: string;
  /** The time that a row takes grows about by this power of `at`; 0: not at all. */
  readonly timeGrowth: number;
  /** As people call such a row. */
  rowName(at: number): string;
  /** Resolves when all are at work. */
  open(at: number): Promise<Scene>;
  /** Its guests may be in any state: ends them. More scenes may be opened. */
  reset(): void;
  /** Its rows are over: ends the guests that are of no more use. */
  close(): void;
}
