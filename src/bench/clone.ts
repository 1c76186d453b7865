/**
 * `npm run bench:clone`: what it costs a machine under load to get a backup, on the two hosts of the demo. The guest rewrites
 * memory and counts for a client; it is cloned again and again.
 */

import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { asVmftError, VmftError } from '../base/errors.js';
import { tunDeviceFault } from '../cli/check/tap.js';
import { DemoNetwork } from '../cli/demo/demo-network.js';
import { enterNamespaces } from '../cli/demo/enter-namespaces.js';
import { reportError } from '../cli/report-error.js';
import { measureClones, type ClonePlan } from './clone-measure.js';
import { cloneReport, cloneTable } from './clone-report.js';

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

/** In namespaces of our own; returns the exit status. */
async function inside(options: Options): Promise<number> {
  const fault = tunDeviceFault();
  if (fault !== null) throw new VmftError('tap-unavailable', fault.found, fault.whatToDo);
  const network = await DemoNetwork.create();
  try {
    const samples = await measureClones(network, planOf(options), (line) => {
      console.error(line);
    });
    const report = cloneReport(samples);
    if (options.json) console.log(JSON.stringify(report));
    else for (const line of cloneTable(report)) console.log(line);
    return report.diverged + report.clientFaults === 0 ? 0 : 1;
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
  const command = new Command('bench:clone')
    .description('live clones of a guest under load: pause, time, bytes')
    .option('--runs <n>', 'clones (default 12, with --quick 3)', parseRounds)
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
