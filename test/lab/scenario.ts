import type { Lab } from './lab.js';

/** A part of what the lab shows; one file each in scenarios/. */
export interface Scenario {
  /** Of --only. */
  readonly name: string;
  readonly title: string;
  /** Its time; then its machines are killed, and it has failed. */
  readonly budgetMs: number;
  /** Resolves with what was seen, in a line; throws when it is not as it should be. */
  readonly run: (lab: Lab) => Promise<string>;
}

/** Thrown where a scenario cannot be run here; the message says what is missing. */
export class ScenarioSkipped extends Error {}
