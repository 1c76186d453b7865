/**
 * `npm run bench:pair`: what protection costs, and what a kill costs, on the two hosts of the demo. The same
 * guest takes turns unprotected and protected; ratios and differences are of one run on one machine.
 */

import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { asVmftError, VmftError } from '../base/errors.js';
import { tunDeviceFault } from '../cli/check/tap.js';
import { DemoNetwork } from '../cli/demo/demo-network.js';
import { enterNamespaces } from '../cli/demo/enter-namespaces.js';
import { reportError } from '../cli/report-error.js';
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

/** In namespaces of our own; returns the exit status. */
async function inside(options: Options): Promise<number> {
  const fault = tunDeviceFault();
  if (fault !== null) throw new VmftError('tap-unavailable', fault.found, fault.whatToDo);
  const network = await DemoNetwork.create();
  try {
    const samples = await measurePair(network, planOf(options), (line) => console.error(line));
    const report = pairReport(samples);
    if (options.json) console.log(JSON.stringify(report));
    else for (const line of tableOf(report)) console.log(line);
    return report.clientFaults === 0 ? 0 : 1;
  } finally {
    network.close();
  }
}

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100)
    throw new InvalidArgumentError('a number from 1 to 100');
  return rounds;
}

async function main(): Promise<number> {
  const command = new Command('bench:pair')
    .description('a guest unprotected and as a pair: speed, idle log, latency, kills, memory')
    .option('--runs <n>', 'turns of each kind, and kills (default 5, with --quick 2)', parseRounds)
    .option('--quick', 'fewer and shorter turns', false)
    .option('--seed <n>', 'of the moments of the kills', Number, 1)
    .option('--json', 'print one JSON object', false)
    .option('--inside', 'used by the command itself', false)
    .parse();
  const options = command.opts<Options>();
  if (options.inside) {
    // Only the init of these namespaces has this flag: with its end, everything in there ends.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => process.exit(130));
    return inside(options);
  }
  const script = fileURLToPath(import.meta.url);
  return enterNamespaces(script, [...process.argv.slice(2), '--inside']);
}

try {
  process.exit(await main());
} catch (error) {
  process.exit(reportError(asVmftError(error)));
}
