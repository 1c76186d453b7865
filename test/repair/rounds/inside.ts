/** Rounds in namespaces of their own; told what by JSON in the first argument. */
import { endBySignals } from '../../../src/cli/demo/enter-namespaces.js';
import { SeededRandom } from '../../../src/cli/demo/seeded-random.js';
import { isGood, summaryLines } from './report.js';
import { playRounds, type RoundsPlan } from './rounds.js';
import { TrialCluster, type ClusterOptions } from './trial-cluster.js';

export interface RoundsOrder extends ClusterOptions {
  readonly rounds: number;
  readonly kill: RoundsPlan['kill'];
  readonly seed: number;
  readonly budgetMs: number;
}

async function main(order: RoundsOrder): Promise<boolean> {
  const { rounds, kill, seed } = order;
  const cluster = await TrialCluster.start(order);
  try {
    const random = new SeededRandom(seed);
    const tell = (line: string): void => {
      console.log(line);
    };
    const result = await playRounds(cluster, { rounds, kill, random, tell });
    for (const line of summaryLines(result.rounds, result.client)) console.log(line);
    return isGood(result.client);
  } finally {
    await cluster.close();
  }
}

endBySignals();
try {
  const order = JSON.parse(process.argv[2] ?? '') as RoundsOrder;
  setTimeout(() => {
    console.log(`not done within ${order.budgetMs / 1000} s`);
    process.exit(1);
  }, order.budgetMs).unref();
  const good = await main(order);
  console.log(`${good ? 'nothing was lost' : 'FAULTS'} (--seed ${order.seed})`);
  process.exit(good ? 0 : 1);
} catch (error) {
  console.log(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
