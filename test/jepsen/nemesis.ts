import { setTimeout as sleep } from 'node:timers/promises';

import type { CrashAt } from '../../src/flow/machine/native-addon.js';
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
    const dying = pair.primary.host.label;
    const killedAtMs = pair.kill('primary');
    const survival = await pair.survived('primary', 0);
    this.narrator.step(
      `kill ${strike + 1} of ${this.strikes}: host ${dying}, live after ${Math.round(survival.liveAtMs - killedAtMs)} ms`,
      killedAtMs,
    );
    return survival;
  }
}

const frozenMs = 2_000;
const lostMsMax = 60_000;
const exitStatusArbitrationLost = 'status 48';

/**
 * The primary stops without dying, for long enough to be suspected, and goes on in the midst of what it was at, while the
 * backup goes live: it must write nothing any more, and end. It holds its files all the while, so where the disk is a file
 * the backup waits for it; a target takes its access away.
 */
export class RandomFreezes implements Nemesis {
  constructor(
    readonly strikes: number,
    private readonly random: SeededRandom,
    private readonly narrator: Narrator,
  ) {}

  words(): readonly string[] {
    return [];
  }

  async strike(pair: DemoPair, strike: number): Promise<Survival> {
    const { primary, backup } = pair;
    if (backup === null) throw new Error('bug: no pair to strike');
    await sleep(this.random.between(killAfterMs.min, killAfterMs.max));
    primary.freeze();
    await backup.event('arbitration-won', lostMsMax);
    await sleep(frozenMs);
    const liveBefore = backup.events.some(({ type }) => type === 'live');
    primary.thaw();
    const end = await primary.ends(lostMsMax);
    if (end !== exitStatusArbitrationLost) throw new Error(`the frozen primary ended with ${end}`);
    pair.goesOn(backup);
    const survival = await pair.survived('primary', 0);
    this.narrator.step(
      `freeze ${strike + 1} of ${this.strikes}: host ${primary.host.label}; the other was live ${liveBefore ? 'before' : 'after'} it thawed`,
    );
    return survival;
  }
}

const crashMsMax = 120_000;

/**
 * Each primary ends itself, without warning, at a step of a write's life: the first replica that is started at the first of
 * these points, the second one at the second … Steps are counted from when a pair is formed.
 */
export class CrashPoints implements Nemesis {
  private started = 0;

  constructor(
    private readonly points: readonly CrashAt[],
    private readonly narrator: Narrator,
  ) {}

  get strikes(): number {
    return this.points.length;
  }

  words(): readonly string[] {
    const at = this.points[this.started];
    this.started += 1;
    return at === undefined ? [] : ['--crash-at', `${at.point},${at.count}`];
  }

  async strike(pair: DemoPair, strike: number): Promise<Survival> {
    const { primary, backup } = pair;
    const at = this.points[strike];
    if (backup === null || at === undefined) throw new Error('bug: no pair to strike');
    const end = await primary.ends(crashMsMax);
    if (end !== 'SIGKILL') throw new Error(`the primary was to crash, and ended with ${end}`);
    pair.goesOn(backup);
    const survival = await pair.survived('primary', 0);
    this.narrator.step(
      `crash ${strike + 1} of ${this.strikes}: ${at.point} number ${at.count}, host ${primary.host.label}`,
    );
    return survival;
  }
}
