/**
 * `npm run bench:replication`: replay against checkpoints on the same workloads, on the two hosts of the demo: a CPU-bound guest, one
 * that rewrites memory, one that answers, one that idles. Ratios and differences are of one run on one machine.
 */

import { Command } from 'commander';
import { asVmftError } from '../base/errors.js';
import type { DemoNetwork } from '../cli/demo/demo-network.js';
import { reportError } from '../cli/report-error.js';
import { parseNumber } from './number-option.js';
import { onDemoNetwork } from './on-demo-network.js';
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

/** Returns the exit status. */
async function measure(network: DemoNetwork, options: Options): Promise<number> {
  const samples = await measureReplication(network, planOf(options), (line) => {
    console.error(line);
  });
  const report = replicationReport(samples);
  if (options.json) console.log(JSON.stringify(report));
  else for (const line of replicationTable(report)) console.log(line);
  return 0;
}

async function main(): Promise<number> {
  const command = new Command('bench:replication')
    .description('guests replicated by replay and by checkpoints: speed, bandwidth, latency')
    .option('--runs <n>', 'turns of each kind (default 3, with --quick 1)', parseNumber(100))
    .option('--quick', 'fewer and shorter turns', false)
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
