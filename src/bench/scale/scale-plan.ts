import type { ScaleSubject } from '../suite/result.js';

/** How much of scale is measured. */
export interface ScalePlan {
  /** Ascending, of each subject: ScaleRow's `at`. */
  readonly at: Readonly<Record<ScaleSubject, readonly number[]>>;
  readonly joinsMax: number;
  /** Turns of each join: so often is measured before it and behind it. */
  readonly turnsOfJoin: number;
  /** Unprotected, and again protected. */
  readonly measureMs: number;
  /** After a change of roles: caches fill, the lag settles. */
  readonly settleMs: number;
  readonly expectedMs: number;
}

const connections = [1, 16, 128];

export function scalePlan(quick: boolean): ScalePlan {
  return quick
    ? {
        at: { connections, guests: [1, 4], memory: [256, 512] },
        joinsMax: 2,
        turnsOfJoin: 2,
        measureMs: 800,
        settleMs: 500,
        expectedMs: 100_000,
      }
    : {
        at: { connections, guests: [1, 2, 4], memory: [256, 512, 1024, 2048] },
        joinsMax: 4,
        turnsOfJoin: 2,
        measureMs: 3_000,
        settleMs: 1_500,
        expectedMs: 600_000,
      };
}
