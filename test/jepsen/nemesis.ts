import { setTimeout as sleep } from 'node:timers/promises';

import type { DemoHost } from '../../src/cli/demo/demo-network.js';
import type { DemoPair, Survival } from '../../src/cli/demo/demo-pair.js';
import type { Narrator } from '../../src/cli/demo/narrator.js';
import type { SeededRandom } from '../../src/cli/demo/seeded-random.js';

/** What kills the primary. */
export interface Nemesis {
  /** How many times it does so in a life. */
  readonly strikes: number;
  /** Options of each replica that is started, in the order of their starts. */
  words(host: DemoHost, role: 'primary' | 'backup'): readonly string[];
  /** Resolves when the backup has taken over. */
  strike(pair: DemoPair, strike: number): Promise<Survival>;
}

/** After the pair is formed and the clients are answered, milliseconds. */
const killAfterMs = { min: 200, max: 4_000 } as const;

/** SIGKILL at random moments. */
export class RandomKills implements Nemesis {
  constructor(
    readonly strikes: number,
    private readonly random: SeededRandom,
    private readonly narrator: Narrator,
  ) {}

  words(): readonly string[] {
    return [];
  }

  async strike(pair: DemoPair, strike: number): Promise<Survival> {
    await sleep(this.random.between(killAfterMs.min, killAfterMs.max));
    const eventsBefore = pair.backup?.events.length ?? 0;
    const dying = pair.primary.host.label;
    const killedAtMs = pair.kill('primary');
    const survival = await pair.survived('primary', eventsBefore);
    this.narrator.step(
      `kill ${strike + 1} of ${this.strikes}: host ${dying}, live after ${Math.round(survival.liveAtMs - killedAtMs)} ms`,
      killedAtMs,
    );
    return survival;
  }
}
