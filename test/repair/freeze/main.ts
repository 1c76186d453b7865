/**
 * Stops primaries at random moments, lets the backup go live, and lets the old primary go on: it must not show the world one frame or
 * byte more, and end.
 *
 *   npm run freeze -- [--times 100] [--seed N] [--parallel 2] [--seconds 10]
 *
 * Status 0: all freezes were done and nothing was wrong. docs/hacking.md says more.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Command } from 'commander';

import { median } from '../../../src/bench/cpu-report.js';
import { enterNamespaces } from '../../../src/cli/demo/enter-namespaces.js';
import { count } from '../count-option.js';
import type { LaneOrder, LaneResult } from './lane.js';

const insideScript = fileURLToPath(new URL('./inside.js', import.meta.url));

interface Options {
  readonly times: number;
  readonly seed: number;
  readonly parallel: number;
  readonly seconds: number;
}

const { times, seed, parallel, seconds } = new Command('freeze')
  .option('--times <count>', 'how many primaries are stopped, in all', count, 100)
  .option('--seed <number>', 'of the moments', count, 1 + (Date.now() % 1_000_000))
  .option('--parallel <count>', 'pairs at once, each on hosts of its own', count, 2)
  .option('--seconds <count>', 'for how long each stands still', count, 10)
  .parse()
  .opts<Options>();

const folder = mkdtempSync(join(tmpdir(), 'vmft-freeze-'));

async function lane(number: number): Promise<LaneResult | null> {
  const order: LaneOrder = {
    number,
    times: Math.floor(times / parallel) + (number < times % parallel ? 1 : 0),
    seed: seed + number,
    frozenMs: seconds * 1000,
    folder: join(folder, `lane${number}`),
    resultPath: join(folder, `lane${number}.json`),
  };
  if (order.times === 0) return { freezes: [], faults: [], increments: 0 };
  await enterNamespaces(insideScript, [JSON.stringify(order)]);
  try {
    return JSON.parse(readFileSync(order.resultPath, 'utf8')) as LaneResult;
  } catch {
    return null;
  }
}

try {
  const results = await Promise.all(Array.from({ length: parallel }, (_, number) => lane(number)));
  const whole = results.flatMap((result) => result ?? []);
  const freezes = whole.flatMap((result) => result.freezes);
  const faults = whole.flatMap((result) => result.faults);
  if (whole.length < results.length) faults.push('a lane ended without a result');
  const sum = (of: (freeze: (typeof freezes)[number]) => number): number =>
    freezes.reduce((total, freeze) => total + of(freeze), 0);
  for (const fault of faults) console.log(`FAULT: ${fault}`);
  console.log(
    `${freezes.length} of ${times} primaries stopped for ${seconds} s: ${sum((freeze) => freeze.framesBefore)} frames and ${sum((freeze) => freeze.bytesBefore)} console bytes before, ` +
      `${sum((freeze) => freeze.framesAfter)} frames and ${sum((freeze) => freeze.bytesAfter)} bytes after they went on`,
  );
  console.log(
    `live after ${median(freezes.map((freeze) => freeze.liveMs))} ms (median), the old primary's end after ${median(freezes.map((freeze) => freeze.endMs))} ms; ` +
      `${whole.reduce((total, { increments }) => total + increments, 0)} increments by ${whole.length} connections; ${faults.length} faults (--seed ${seed})`,
  );
  process.exitCode = faults.length === 0 && freezes.length === times ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
