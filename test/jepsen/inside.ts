/** One life after the other, in namespaces of their own; told what by JSON in the first argument. */
import { join } from 'node:path';

import { DemoNetwork } from '../../src/cli/demo/demo-network.js';
import { endBySignals } from '../../src/cli/demo/enter-namespaces.js';
import { Narrator } from '../../src/cli/demo/narrator.js';
import { SeededRandom } from '../../src/cli/demo/seeded-random.js';
import { Life, type LifeResult } from './life.js';
import { CrashPoints, RandomFreezes, RandomKills, type Nemesis } from './nemesis.js';
import type { LifeDraft } from './plan.js';

export interface JepsenOrder {
  readonly lives: readonly LifeDraft[];
  readonly clientsEach: number;
  readonly seed: number;
  /** No kill is begun after this moment, milliseconds since 1970. */
  readonly untilMs: number;
  readonly folder: string;
}

async function main(order: JepsenOrder): Promise<boolean> {
  const narrator = new Narrator(false, false);
  const network = await DemoNetwork.create();
  let [kills, planned, faults] = [0, 0, 0];
  try {
    for (const [index, draft] of order.lives.entries()) {
      planned += draft.kills;
      if (Date.now() >= order.untilMs) continue;
      const seed = order.seed + index;
      narrator.line(
        `life ${index + 1} of ${order.lives.length}: ${draft.mode}, ${draft.kills} kills, then ${draft.end}; ${draft.workloads.join(', ')}; seed ${seed}`,
      );
      const nemesis = nemesisOf(draft, seed, narrator);
      const plan = {
        ...draft,
        ...{ nemesis, seed, clientsEach: order.clientsEach, untilMs: order.untilMs },
      };
      const life = new Life(plan, network, join(order.folder, `life${index}`), narrator);
      const result = await life.run();
      kills += result.strikes;
      faults += result.faults.length;
      narrator.line(lifeLine(result));
      for (const fault of result.faults) narrator.line(`  FAULT: ${fault}`);
    }
  } finally {
    network.close();
  }
  const enough = kills === planned;
  narrator.line(
    `${kills} of ${planned} kills${enough ? '' : ': the budget is spent'}; ${faults === 0 ? 'nothing lost, doubled, torn or broken' : `${faults} FAULTS`} (--seed ${order.seed})`,
  );
  return enough && faults === 0;
}

function nemesisOf(draft: LifeDraft, seed: number, narrator: Narrator): Nemesis {
  if (draft.crashes !== null) return new CrashPoints(draft.crashes, narrator);
  const random = new SeededRandom(seed);
  return draft.freezes
    ? new RandomFreezes(draft.kills, random, narrator)
    : new RandomKills(draft.kills, random, narrator);
}

function lifeLine({ strikes, operations, takeoverMs, longestMs, faults }: LifeResult): string {
  const { ok, fail, unknown } = operations;
  return `  ${faults.length === 0 ? 'good' : 'BAD'}: ${strikes} kills, ${ok} operations acknowledged, ${fail} refused, ${unknown} without an answer; from suspicion to live ${takeoverMs.join(', ')} ms; longest operation ${longestMs} ms`;
}

endBySignals();
try {
  const good = await main(JSON.parse(process.argv[2] ?? '') as JepsenOrder);
  process.exit(good ? 0 : 1);
} catch (error) {
  console.error(error);
  process.exit(1);
}
