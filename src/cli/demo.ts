import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Command, InvalidArgumentError, Option, type OptionValues } from 'commander';

import type { AcceleratorName, CounterOptions } from '../flow/machine/accelerator.js';
import type { ReplicationChoice } from '../pair/role/replication-choice.js';
import { endBySignals, enterNamespaces } from './demo/enter-namespaces.js';
import { runDemo, type DemoOptions } from './demo/run-demo.js';
import {
  acceleratorWords,
  addAcceleratorOptions,
  chosenAccelerator,
} from './options/accelerator.js';
import { defaultMemoryBytes, formatMemorySize, parseMemorySize } from './options/memory-size.js';
import { replicationOption } from './options/replication.js';
import { parseSeed } from './options/seed.js';
import { mainScript } from './project-paths.js';
import { newGuestCpu } from './usable-kvm.js';

interface RawDemoOptions {
  readonly runs: number;
  readonly killsPerBoot: number;
  readonly victim: 'primary' | 'backup' | 'random';
  readonly seed?: number;
  readonly after: number;
  readonly memory?: number;
  readonly replication: ReplicationChoice;
  readonly json: boolean;
  readonly accel: AcceleratorName;
  readonly counter?: CounterOptions;
  /** Set in the namespaces: the folder that both hosts see. */
  readonly inside?: string;
}

export function demoCommand(): Command {
  const command = new Command('demo')
    .description(
      'two hosts in namespaces, one guest, a client; one host is killed, nothing is lost',
    )
    .option('--runs <n>', 'repeat, each time with another moment', parseCount, 1)
    .option('--kills-per-boot <n>', 'kill, protect again, kill again …', parseCount, 1)
    .addOption(
      new Option('--victim <replica>', 'whom to kill')
        .choices(['primary', 'backup', 'random'])
        .default('primary'),
    )
    .option('--seed <n>', 'of the random moments (default: another each time)', parseSeed)
    .option('--after <seconds>', 'how long the client counts on after a kill', parseSeconds, 3)
    .option('--memory <size>', 'guest memory (default: 256M)', parseMemorySize)
    .addOption(replicationOption())
    .option('--json', 'print one JSON object as the last line', false)
    .addOption(new Option('--inside <folder>').hideHelp());
  return addAcceleratorOptions(command).action((options: OptionValues) =>
    demo(options as unknown as RawDemoOptions),
  );
}

async function demo({ inside, ...raw }: RawDemoOptions): Promise<void> {
  const seed = raw.seed ?? randomInt(1, 1_000_000);
  const accelerator = chosenAccelerator(raw);
  // Here, where one line tells it; two replicas would each say so in a namespace.
  newGuestCpu(accelerator);
  const options: DemoOptions = {
    ...raw,
    accelerator,
    seed,
    memory: formatMemorySize(raw.memory ?? defaultMemoryBytes),
  };
  if (inside !== undefined) {
    endBySignals();
    process.exit(await runDemo(options, inside));
  }
  const folder = mkdtempSync(join(tmpdir(), 'vmft-demo-'));
  try {
    const status = await enterNamespaces(mainScript, insideOptions(options, folder));
    process.exitCode = status;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function insideOptions(options: DemoOptions, folder: string): string[] {
  const { runs, killsPerBoot, victim, seed, after, memory, json, accelerator, replication } =
    options;
  return [
    ...['demo', '--inside', folder, '--runs', String(runs)],
    ...['--kills-per-boot', String(killsPerBoot), '--victim', victim, '--seed', String(seed)],
    ...['--after', String(after), '--memory', memory, ...(json ? ['--json'] : [])],
    ...['--replication', replication],
    ...acceleratorWords(accelerator),
  ];
}

function parseCount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000) {
    throw new InvalidArgumentError('A number from 1 to 1000.');
  }
  return value;
}

function parseSeconds(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 3600)) throw new InvalidArgumentError('Seconds, 0 to 3600.');
  return value;
}
