/**
 * `npm run bench:clone`: what it costs a machine under load to get a backup, on the two hosts of the demo. The guest rewrites
 * memory and counts for a client; it is cloned again and again.
 */

import { Command } from 'commander';
import { asVmftError } from '../base/errors.js';
import type { DemoNetwork } from '../cli/demo/demo-network.js';
import { reportError } from '../cli/report-error.js';
import { measureClones, type ClonePlan } from './clone-measure.js';
import { cloneReport, cloneTable } from './clone-report.js';
import { parseNumber } from './number-option.js';
import { onDemoNetwork } from './on-demo-network.js';

interface Options {
  readonly runs?: number;
  readonly quick: boolean;
  readonly json: boolean;
  readonly inside: boolean;
}

/** About two minutes, and half of one. */
function planOf({ runs, quick }: Options): ClonePlan {
  return { clones: runs ?? (quick ? 3 : 12), writerPauseMs: 50 };
}

/** Returns the exit status. */
async function measure(network: DemoNetwork, options: Options): Promise<number> {
  const samples = await measureClones(network, planOf(options), (line) => {
    console.error(line);
  });
  const report = cloneReport(samples);
  if (options.json) console.log(JSON.stringify(report));
  else for (const line of cloneTable(report)) console.log(line);
  return report.diverged + report.clientFaults === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const command = new Command('bench:clone')
    .description('live clones of a guest under load: pause, time, bytes')
    .option('--runs <n>', 'clones (default 12, with --quick 3)', parseNumber(100))
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
