/**
 * Random guests on the translator and on the interpreter, for as long as asked (docs/hacking.md):
 *
 *   npm run fuzz:cpu -- [--minutes 60] [--seed SEED] [--processes 2] [--program PATH]
 *
 * A guest on which the two differ is printed with its seed and with as few instructions as it takes;
 * one that ends or hangs the process is found and named. Exit status 1 if there was one.
 */

import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string' },
    processes: { type: 'string', default: '2' },
    program: { type: 'string', default: join(root, 'build/Release/vmft_native_test') },
  },
});

const casesAtOnce = 2000;
const batchLimitMs = 10 * 60_000;
const test = 'random_guests_are_the_same_translated_and_interpreted';
const until = performance.now() + Number(values.minutes) * 60_000;
// From 2^31 on: guests of the second kind (fuzz_case.h), which are those of the first with more in them.
const first = Number(values.seed ?? 2 ** 31 + (Date.now() % 2 ** 31));
let next = first;
let failed = false;
const total = { cases: 0, ticks: 0, states: 0 };

function run(seed, cases, trace) {
  const child = spawn('nice', ['-n', '10', values.program, test], {
    env: {
      ...process.env,
      VMFT_FUZZ_SEED: String(seed),
      VMFT_FUZZ_CASES: String(cases),
      VMFT_FUZZ_TRACE: trace ? '1' : '0',
    },
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), batchLimitMs);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      resolve({ status, signal, output });
    });
  });
}

/** The run again, saying where it is, when it ended otherwise than by its own verdict. */
async function nameTheGuest(seed, signal, output) {
  const traced = await run(seed, casesAtOnce, true);
  const seeds = [...traced.output.matchAll(/^seed (\d+)$/gm)];
  const last = seeds.at(-1)?.[1] ?? 'unknown';
  const how =
    signal === 'SIGKILL' ? `hangs (${batchLimitMs / 60_000} minutes)` : `ends by ${signal}`;
  return `seed ${last}: the process ${how}\n${output}`;
}

async function worker() {
  while (performance.now() < until && !failed) {
    const seed = next;
    next += casesAtOnce;
    const { status, signal, output } = await run(seed, casesAtOnce, false);
    const sums = /(\d+) ticks, \d+ exceptions, (\d+) states compared/.exec(output);
    if (sums !== null) {
      total.cases += casesAtOnce;
      total.ticks += Number(sums[1]);
      total.states += Number(sums[2]);
    }
    if (status === 0) continue;
    failed = true;
    process.stdout.write(
      sums === null ? await nameTheGuest(seed, signal ?? `status ${status}`, output) : output,
    );
  }
}

await Promise.all(Array.from({ length: Number(values.processes) }, worker));
process.stdout.write(
  `${total.cases} guests (seeds ${first} to ${next - 1}), ${total.ticks} ticks, ` +
    `${total.states} states compared: ${failed ? 'a difference' : 'no difference'}\n`,
);
process.exitCode = failed ? 1 : 0;
