/**
 * Hosts with daemons, a machine under load, and round after round a host dies, or a replica is moved: the daemons protect the machine again
 * without being asked.
 *
 *   npm run rounds -- --hosts 2|3 [--rounds 20] [--kill primary|backup|process|daemon|host|random] [--move] [--memory 256M] [--seed N]
 *
 * Status 0: all rounds were played, nothing was lost or doubled and no connection broke. docs/hacking.md says more.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Command, InvalidArgumentError, Option } from 'commander';

import { enterNamespaces } from '../../../src/cli/demo/enter-namespaces.js';
import { count } from '../count-option.js';
import type { RoundsOrder } from './inside.js';
import type { KillChoice } from './rounds.js';

const insideScript = fileURLToPath(new URL('./inside.js', import.meta.url));
const killChoices: readonly KillChoice[] = [
  'primary',
  'backup',
  'process',
  'daemon',
  'host',
  'random',
];
/** What a boot and a round may take at most, on a busy machine. */
const bootMsMax = 240_000;
const roundMsMax = 90_000;

interface Options {
  readonly hosts: number;
  readonly rounds: number;
  readonly kill: KillChoice;
  readonly move: boolean;
  readonly memory: string;
  readonly replication: string;
  readonly seed: number;
}

function hostCount(text: string): number {
  if (!/^[2-8]$/.test(text)) throw new InvalidArgumentError('2 to 8.');
  return Number(text);
}

function memorySize(text: string): string {
  if (!/^\d{2,5}M$/.test(text)) throw new InvalidArgumentError('Write it as 256M.');
  return text;
}

const options = new Command('rounds')
  .option('--hosts <count>', 'with a daemon each', hostCount, 2)
  .option('--rounds <count>', 'how often something dies, or is moved', count, 20)
  .addOption(
    new Option(
      '--kill <what>',
      'the primary’s host, the backup’s, the primary’s process, the daemon beside it, either host, or any of these',
    )
      .choices(killChoices)
      .default('primary'),
  )
  .option('--move', 'move replicas to other hosts instead', false)
  .option('--memory <size>', 'of the guest', memorySize, '256M')
  .addOption(
    new Option('--replication <kind>', 'how the backup follows')
      .choices(['auto', 'replay', 'checkpoint'])
      .default('auto'),
  )
  .option('--seed <number>', 'of the moments and victims', count, 1 + (Date.now() % 1_000_000))
  .parse()
  .opts<Options>();

const folder = mkdtempSync(join(tmpdir(), 'vmft-rounds-'));
try {
  const { hosts, rounds, kill, move, memory, replication, seed } = options;
  const budgetMs = bootMsMax + rounds * roundMsMax;
  const order: RoundsOrder = {
    ...{ hosts, rounds, memory, replication, seed, folder, budgetMs },
    kill: move ? 'move' : kill,
  };
  process.exitCode = await enterNamespaces(insideScript, [JSON.stringify(order)]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
