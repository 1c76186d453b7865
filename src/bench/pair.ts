/**
 * `npm run bench:pair`: what protection costs, and what a kill costs, on the two hosts of the demo. The same
 * guest takes turns unprotected and protected; ratios and differences are of one run on one machine.
 */

import { Command } from 'commander';
import { asVmftError } from '../base/errors.js';
import type { DemoNetwork } from '../cli/demo/demo-network.js';
import { reportError } from '../cli/report-error.js';
import { parseNumber } from './number-option.js';
import { onDemoNetwork } from './on-demo-network.js';
import { measurePair, type PairPlan } from './pair-measure.js';
import { pairReport, tableOf } from './pair-report.js';

interface Options {
  readonly runs?: number;
  readonly quick: boolean;
  readonly seed: number;
  readonly json: boolean;
  readonly inside: boolean;
}

/** About four minutes, and one and a half. */
function planOf({ runs, quick, seed }: Options): PairPlan {
  return quick
    ? { rounds: runs ?? 2, spinMs: 5_000, idleMs: 4_000, latencyCount: 150, seed }
    : { rounds: runs ?? 5, spinMs: 6_000, idleMs: 6_000, latencyCount: 250, seed };
}

/** Returns the exit status. */
async function measure(network: DemoNetwork, options: Options): Promise<number> {
  const samples = await measurePair(network, planOf(options), (line) => console.error(line));
  const report = pairReport(samples);
  if (options.json) console.log(JSON.stringify(report));
  else for (const line of tableOf(report)) console.log(line);
  return report.clientFaults === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const command = new Command('bench:pair')
    .description('a guest unprotected and as a pair: speed, idle log, latency, kills, memory')
    .option(
      '--runs <n>',
      'turns of each kind, and kills (default 5, with --quick 2)',
      parseNumber(100),
    )
    .option('--quick', 'fewer and shorter turns', false)
    .option('--seed <n>', 'of the moments of the kills', Number, 1)
    .option('--json', 'print one JSON object', false)
    .option('--inside', 'used by the command itself', false)
    .parse();
  const options = command.opts<Options>();
  return onDemoNetwork(import.meta.url, options.inside, (network) => measure(network, options));
}

try {
  process.exit(await main());
} catch (error) {
  process.exit(reportError(asVmftError(error)));
}
