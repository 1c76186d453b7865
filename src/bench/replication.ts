/**
 * `npm run bench:replication`: replay against checkpoints on the same workloads, on the two hosts of the demo: a CPU-bound guest, one
 * that rewrites memory, one that answers, one that idles. Ratios and differences are of one run on one machine.
 */

import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { asVmftError, VmftError } from '../base/errors.js';
import { tunDeviceFault } from '../cli/check/tap.js';
import { DemoNetwork } from '../cli/demo/demo-network.js';
import { enterNamespaces } from '../cli/demo/enter-namespaces.js';
import { reportError } from '../cli/report-error.js';
import { measureReplication, type ReplicationPlan } from './replication-measure.js';
import { replicationReport, replicationTable } from './replication-report.js';

interface Options {
  readonly runs?: number;
  readonly quick: boolean;
  readonly json: boolean;
  readonly inside: boolean;
}

/** About seven minutes, and two. */
function planOf({ runs, quick }: Options): ReplicationPlan {
  return quick
    ? { rounds: runs ?? 1, workMs: 4_000, idleMs: 4_000, latencyCount: 150 }
    : { rounds: runs ?? 3, workMs: 6_000, idleMs: 6_000, latencyCount: 250 };
}

/** In namespaces of our own; returns the exit status. */
async function inside(options: Options): Promise<number> {
  const fault = tunDeviceFault();
  if (fault !== null) throw new VmftError('tap-unavailable', fault.found, fault.whatToDo);
  const network = await DemoNetwork.create();
  try {
    const samples = await measureReplication(network, planOf(options), (line) => {
      console.error(line);
    });
    const report = replicationReport(samples);
    if (options.json) console.log(JSON.stringify(report));
    else for (const line of replicationTable(report)) console.log(line);
    return 0;
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
  const command = new Command('bench:replication')
    .description('guests replicated by replay and by checkpoints: speed, bandwidth, latency')
    .option('--runs <n>', 'turns of each kind (default 3, with --quick 1)', parseRounds)
    .option('--quick', 'fewer and shorter turns', false)
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
