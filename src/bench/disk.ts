/**
 * `npm run bench:disk`: what protection costs a guest that works on its disk, on the two hosts of the demo. fio in the
 * same guest takes turns unprotected and protected; ratios and differences are of one run on one machine.
 */

import { tmpdir } from 'node:os';
import { Command } from 'commander';
import { asVmftError } from '../base/errors.js';
import type { DemoNetwork } from '../cli/demo/demo-network.js';
import { reportError } from '../cli/report-error.js';
import { measureDisks, type DiskPlan } from './disk-measure.js';
import { diskGoals, diskReport, diskTable, holdings } from './disk-report.js';
import { parseNumber } from './number-option.js';
import { onDemoNetwork } from './on-demo-network.js';

interface Options {
  readonly runs?: number;
  readonly quick: boolean;
  readonly holding?: number;
  readonly folder: string;
  readonly json: boolean;
  readonly inside: boolean;
}

/** About ten minutes, and three. */
function planOf({ runs, quick, holding, folder }: Options): DiskPlan {
  const chosen = holding === undefined ? holdings : holdings.slice(holding - 1, holding);
  return quick
    ? { rounds: runs ?? 1, jobMs: 2_000, holdings: chosen, folder }
    : { rounds: runs ?? 3, jobMs: 4_000, holdings: chosen, folder };
}

/** Returns the exit status. */
async function measure(network: DemoNetwork, options: Options): Promise<number> {
  const rounds = await measureDisks(network, planOf(options), (line) => console.error(line));
  const rows = diskReport(rounds);
  if (options.json) console.log(JSON.stringify({ rows, goals: diskGoals(rows) }));
  else for (const line of diskTable(rows)) console.log(line);
  return 0;
}

async function main(): Promise<number> {
  const command = new Command('bench:disk')
    .description(`fio in a guest unprotected and as a pair: ${holdings.join('; ')}`)
    .option('--runs <n>', 'turns of each job (default 3, with --quick 1)', parseNumber(100))
    .option('--quick', 'fewer and shorter turns', false)
    .option('--holding <n>', 'only this one of the three', parseNumber(holdings.length))
    .option('--folder <path>', 'where the disks are made: what storage is measured', tmpdir())
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
