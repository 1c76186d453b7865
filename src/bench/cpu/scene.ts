import type { Invocation } from './invocation.js';

/** What the contestants need, and who there is. */
export interface Scene {
  /** For what is gone with the bench. */
  readonly folder: string;
  readonly hasQemu: boolean;
  /** Runs a command on this host, in the tree of the benchmarks' disk; null: cannot be done here. */
  readonly tree: ((command: readonly string[]) => Invocation) | null;
  readonly progress: (line: string) => void;
}
