/**
 * `npm run bench:disk`: what protection costs a guest that works on its disk, on the two hosts of the demo. fio in the
 * same guest takes turns unprotected and protected; ratios and differences are of one run on one machine.
 */

import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { asVmftError, VmftError } from '../base/errors.js';
import { tunDeviceFault } from '../cli/check/tap.js';
import { DemoNetwork } from '../cli/demo/demo-network.js';
import { enterNamespaces } from '../cli/demo/enter-namespaces.js';
import { reportError } from '../cli/report-error.js';
import { measureDisks, type DiskPlan } from './disk-measure.js';
import { diskGoals, diskReport, diskTable, holdings } from './disk-report.js';

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

/** In namespaces of our own; returns the exit status. */
async function inside(options: Options): Promise<number> {
  const fault = tunDeviceFault();
  if (fault !== null) throw new VmftError('tap-unavailable', fault.found, fault.whatToDo);
  const network = await DemoNetwork.create();
  try {
    const rounds = await measureDisks(network, planOf(options), (line) => console.error(line));
    const rows = diskReport(rounds);
    if (options.json) console.log(JSON.stringify({ rows, goals: diskGoals(rows) }));
    else for (const line of diskTable(rows)) console.log(line);
    return 0;
  } finally {
    network.close();
  }
}

function parseNumber(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > max)
      throw new InvalidArgumentError(`a number from 1 to ${max}`);
    return value;
  };
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
