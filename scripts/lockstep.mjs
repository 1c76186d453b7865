/**
 * Whole guests on the translator and on the interpreter, in lock step (docs/hacking.md): the stock
 * kernel's boot and each benchmark, to the power-off, one after another; behind each a recording by
 * either CPU, that the other replays; from a new seed each time until enough states were compared.
 *
 *   npm run lockstep -- [--workload NAME]... [--stops 100000] [--minutes 60] [--seed SEED] [--apart TICKS]
 *
 * `workload`: of those below; none named: all. `apart`: at most so many ticks from one stop to the
 * next. A difference is narrowed down to the first instruction that shows it. Exit status 1 if there
 * was one, or too little was compared; 2 if a workload has no such name, or its files are not there.
 */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const program = join(root, 'build/Release/vmft_native_test');
const images = join(root, '.cache/images');
const benchDisk = join(images, 'debian-bench.img');
/** Of test/native/determinism/workloads.h; those of the bench disk behind those of the initramfs. */
const initramfsWorkloads = ['boot', 'benchmark'];
const diskWorkloads = ['compile', 'postgresql', 'python', 'regex', 'compression'];
const workloads = [...initramfsWorkloads, ...diskWorkloads];
const { values } = parseArgs({
  options: {
    workload: { type: 'string', multiple: true, default: workloads },
    stops: { type: 'string', default: '100000' },
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string' },
    apart: { type: 'string', default: '100000' },
  },
});

const wanted = Number(values.stops);
const until = performance.now() + Number(values.minutes) * 60_000;
/** None comes that far. */
const ticksMax = String(10 ** 12);

for (const name of values.workload) {
  if (!workloads.includes(name)) fail(`no workload is called ${name}: ${workloads.join(', ')}`);
  if (diskWorkloads.includes(name) && !existsSync(benchDisk))
    fail(`${name} needs the benchmarks' disk: node images/build.mjs bench`);
}

function fail(reason) {
  console.error(reason);
  process.exit(2);
}

function run(test, environment) {
  const child = spawn('nice', ['-n', '10', program, test], {
    env: {
      ...process.env,
      VMFT_KERNEL: join(images, 'vmlinuz'),
      VMFT_INITRAMFS: join(images, 'initramfs.gz'),
      VMFT_GUESTS: join(images, 'guests'),
      VMFT_BENCH_DISK: benchDisk,
      ...environment,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      process.stdout.write(data);
      output += data;
    });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ fine: status === 0, output }));
  });
}

let seed = Number(values.seed ?? Date.now() % 2 ** 31);
let compared = 0;
let fine = true;

async function runWorkload(name) {
  const environment = {
    VMFT_LOCKSTEP_SEED: String(seed),
    VMFT_LOCKSTEP_WORKLOAD: name,
    VMFT_LOCKSTEP_TICKS: ticksMax,
    VMFT_LOCKSTEP_APART: values.apart,
  };
  const result = await run('a_workload_is_the_same', environment);
  compared += Number(/(\d+) at random ticks/.exec(result.output)?.[1] ?? 0);
  return result.fine && (await run('a_recording_of_a_workload_replays', environment)).fine;
}

do {
  for (const name of values.workload) fine = fine && (await runWorkload(name));
  seed += 1;
} while (fine && compared < wanted && performance.now() < until);
const enough = compared >= wanted;
console.log(
  `${compared} states compared at random ticks${enough ? '' : ` of ${wanted}`}: ${fine ? 'no difference' : 'a difference'}`,
);
process.exitCode = fine && enough ? 0 : 1;
