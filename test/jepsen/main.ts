/**
 * Kills primaries while clients use databases in the guest, and judges what the clients were promised.
 *
 *   npm run jepsen -- [--kills 50] [--mode shared,…] [--workloads redis-set,…] [--clients 2] [--seed N] [--budget 40m]
 *   npm run jepsen -- --crash-at 3,20,50 [--mode …] …       at each step of a write's life, of writes with these numbers
 *
 * Status 0: all kills were done and nothing was wrong. docs/hacking.md says more.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Command, InvalidArgumentError } from 'commander';

import { enterNamespaces } from '../../src/cli/demo/enter-namespaces.js';
import { workloadNames } from './client/workload.js';
import type { JepsenOrder } from './inside.js';
import { parseBudget, planCrashes, planLives, plantedLife, type LifeDraft } from './plan.js';
import { modes } from './storage/pair-storage.js';

const insideScript = fileURLToPath(new URL('./inside.js', import.meta.url));

interface Options {
  readonly kills: number;
  readonly crashAt?: readonly number[];
  readonly freeze: boolean;
  readonly plant: boolean;
  readonly mode: readonly (typeof modes)[number][];
  readonly workloads: readonly (typeof workloadNames)[number][];
  readonly clients: number;
  readonly seed: number;
  readonly budget: number;
}

function oneOf<Name extends string>(names: readonly Name[]): (text: string) => Name[] {
  return (text) =>
    text.split(',').map((word) => {
      const name = names.find((known) => known === word);
      if (name === undefined) throw new InvalidArgumentError(`They are ${names.join(', ')}.`);
      return name;
    });
}

function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Write a number.');
  return Number(text);
}

function counts(text: string): number[] {
  return text.split(',').map(count);
}

function budget(text: string): number {
  const ms = parseBudget(text);
  if (ms === null) throw new InvalidArgumentError('Write it as 90s, 40m or 2h.');
  return ms;
}

const options = new Command('jepsen')
  .option('--kills <count>', 'of primaries, over all lives', count, 50)
  .option('--crash-at <numbers>', 'instead: of writes, at each step of their life', counts)
  .option('--freeze', 'stop primaries for a while instead of killing them', false)
  .option('--plant', 'instead: a disk that forgets what it was told last; must be found', false)
  .option('--mode <names>', modes.join(', '), oneOf(modes), [
    'shared',
    'iscsi',
    'private',
    'backup-read',
  ] as const)
  .option('--workloads <names>', workloadNames.join(', '), oneOf(workloadNames), [...workloadNames])
  .option('--clients <count>', 'of each workload', count, 2)
  .option('--seed <number>', 'of the moments of the kills', count, Date.now() % 1_000_000)
  .option('--budget <time>', 'no kill is begun after it', budget, 40 * 60_000)
  .parse()
  .opts<Options>();

function planned({ crashAt, plant, freeze, kills, mode, workloads }: Options): LifeDraft[] {
  if (plant) return [plantedLife(workloads)];
  if (crashAt !== undefined) return planCrashes(crashAt, mode, workloads);
  return planLives(kills, mode, workloads, freeze);
}

const folder = mkdtempSync(join(tmpdir(), 'vmft-jepsen-'));
try {
  const order: JepsenOrder = {
    lives: planned(options),
    clientsEach: options.clients,
    seed: options.seed,
    untilMs: Date.now() + options.budget,
    folder,
  };
  process.exitCode = await enterNamespaces(insideScript, [JSON.stringify(order)]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
