/** How unprotected and protected take turns. */

import type { Turn } from '../suite/result.js';

/** What is measured by turns. */
export interface TwoWays {
  /** Throws when it is not what it is to be all the while. */
  alone(): Promise<number>;
  pair(): Promise<Pick<Turn, 'pair' | 'logMbitPerS'>>;
}

/**
 * Every other turn begins with the pair: alone, pair; pair, alone; and so on. So a change takes place only within a turn, there are half as
 * many of them, and what drifts from begin to end does so against both.
 *
 * Ends early, between two turns, when `goesOn` says so. What is measured when something throws is told by `done` before.
 */
export async function takeTurns(
  count: number,
  ways: TwoWays,
  goesOn: () => boolean,
  done: (turn: Turn) => void,
): Promise<void> {
  for (let number = 0; number < count && (number === 0 || goesOn()); number += 1) {
    if (number % 2 === 0) {
      const alone = await ways.alone();
      done({ alone, ...(await ways.pair()) });
    } else {
      const protectedOne = await ways.pair();
      done({ alone: await ways.alone(), ...protectedOne });
    }
  }
}
