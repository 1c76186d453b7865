/**
 * `npm run bench:stop`: what it costs on this host's KVM to stop a guest exactly, with each kind of
 * counter, and what a replica spends on it: replaying a recorded guest, or as the backup of the demo (--pair).
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';

import { asVmftError } from '../base/errors.js';
import { DemoNetwork } from '../cli/demo/demo-network.js';
import { endBySignals, enterNamespaces } from '../cli/demo/enter-namespaces.js';
import { counterOption } from '../cli/options/accelerator.js';
import { reportError } from '../cli/report-error.js';
import { counterKinds, defaultCounter, type CounterOptions } from '../flow/machine/accelerator.js';
import { stopCost, vcpuCost } from '../flow/machine/native-kvm.js';
import { parseNumber } from './number-option.js';
import { linesOf, stopReport, type CounterCost, type ReplicaWork } from './stop-report.js';
import { pairWork, replayedWork } from './stop-workload.js';

interface Options {
  readonly stops: number;
  readonly guest: string;
  readonly append: string;
  readonly counter?: CounterOptions;
  readonly work: boolean;
  readonly pair: boolean;
  readonly seconds: number;
  readonly json: boolean;
  readonly inside: boolean;
}

const simulatedSkid = 500;
const memory = '256M';

/** `perf` makes many stops in the time of one stepped. */
function counterCosts(stops: number): CounterCost[] {
  const stopping = counterKinds.filter((kind) => kind !== 'none');
  return stopping.map((kind): CounterCost => {
    const skid = kind === 'simulated' ? simulatedSkid : 0;
    const count = kind === 'perf' ? stops : Math.max(1, Math.round(stops / 10));
    try {
      return { kind, cost: stopCost({ ...defaultCounter, kind, skid }, count) };
    } catch (thrown) {
      return { kind, unavailable: asVmftError(thrown).message };
    }
  });
}

/** The counter that is asked for, or the first that works. */
function counterFor(
  asked: CounterOptions | undefined,
  costs: readonly CounterCost[],
): CounterOptions {
  if (asked !== undefined) return asked;
  const works = costs.find((counter) => 'cost' in counter);
  return { ...defaultCounter, kind: works?.kind ?? 'perf' };
}

async function inPair(counter: CounterOptions, seconds: number): Promise<ReplicaWork> {
  const folder = mkdtempSync(join(tmpdir(), 'vmft-stops-'));
  const network = await DemoNetwork.create();
  try {
    return await pairWork(network, folder, memory, counter, seconds * 1000);
  } finally {
    network.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(options: Options): Promise<void> {
  const vcpu = vcpuCost();
  const counters = counterCosts(options.stops);
  const counter = counterFor(options.counter, counters);
  const work: ReplicaWork[] = [];
  if (options.work) {
    console.error(`recording and replaying ${options.guest} with counter ${counter.kind}`);
    work.push(await replayedWork({ ...options, counter }));
  }
  if (options.pair) {
    console.error(`the demo's pair with counter ${counter.kind}, for ${options.seconds} s`);
    work.push(await inPair(counter, options.seconds));
  }
  const report = stopReport(vcpu, counters, work);
  if (options.json) console.log(JSON.stringify(report));
  else for (const line of linesOf(report)) console.log(line);
}

async function main(): Promise<number> {
  const command = new Command('bench:stop')
    .description('what stopping a guest on KVM costs: single stops, and a replica’s share of time')
    .option(
      '--stops <n>',
      'stops with perf; a tenth of them with the others',
      parseNumber(100_000),
      500,
    )
    .option('--guest <name>', 'recorded and replayed', 'debian')
    .option('--append <words>', 'its further words', 'vmft.mode=bench')
    .addOption(counterOption())
    .option('--no-work', 'only single stops')
    .option('--pair', 'the demo’s pair too: network namespaces, a client that counts', false)
    .option('--seconds <n>', 'how long the pair is watched', parseNumber(100_000), 20)
    .option('--json', 'print one JSON object', false)
    .option('--inside', 'used by the command itself', false)
    .parse();
  const options = command.opts<Options>();
  if (options.pair && !options.inside) {
    return enterNamespaces(fileURLToPath(import.meta.url), [...process.argv.slice(2), '--inside']);
  }
  if (options.inside) endBySignals();
  await measure(options);
  return 0;
}

try {
  process.exit(await main());
} catch (error) {
  process.exit(reportError(error));
}
