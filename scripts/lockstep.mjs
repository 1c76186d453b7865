/**
 * Whole guests on the translator and on the interpreter, in lock step (docs/hacking.md): the stock
 * kernel's boot and the guest's benchmark to its power-off, then recordings of each that the other
 * replays; from a new seed each time until enough states were compared.
 *
 *   npm run lockstep -- [--stops 100000] [--minutes 60] [--seed SEED] [--apart TICKS]
 *
 * `apart`: at most so many ticks from one stop to the next. A difference is narrowed down to the
 * first instruction that shows it. Exit status 1 if there was one, or too little was compared.
 */

import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const program = join(root, 'build/Release/vmft_native_test');
const images = join(root, '.cache/images');
const { values } = parseArgs({
  options: {
    stops: { type: 'string', default: '100000' },
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string' },
    apart: { type: 'string', default: '50000' },
  },
});

const wanted = Number(values.stops);
const until = performance.now() + Number(values.minutes) * 60_000;
const replayedTicks = '400000000';

function run(test, environment) {
  const child = spawn('nice', ['-n', '10', program, test], {
    env: {
      ...process.env,
      VMFT_KERNEL: join(images, 'vmlinuz'),
      VMFT_INITRAMFS: join(images, 'initramfs.gz'),
      VMFT_GUESTS: join(images, 'guests'),
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
while (fine && compared < wanted && performance.now() < until) {
  const common = { VMFT_LOCKSTEP_SEED: String(seed) };
  const result = await run('the_kernel_and_the_benchmark_are_the_same', {
    ...common,
    VMFT_LOCKSTEP_TICKS: String(10 ** 12),
    VMFT_LOCKSTEP_APART: values.apart,
  });
  compared += Number(/(\d+) states compared/.exec(result.output)?.[1] ?? 0);
  fine = result.fine;
  if (fine) {
    fine = (
      await run('a_recording_of_one_replays', { ...common, VMFT_LOCKSTEP_TICKS: replayedTicks })
    ).fine;
  }
  seed += 1;
}
const enough = compared >= wanted;
console.log(
  `${compared} states compared${enough ? '' : ` of ${wanted}`}: ${fine ? 'no difference' : 'a difference'}`,
);
process.exitCode = fine && enough ? 0 : 1;
