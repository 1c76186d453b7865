/**
 * Builds the native core and its tests with the address and undefined-behaviour sanitizers, in a
 * folder of their own, and runs them. Only what changed is compiled again. A first finding ends the
 * test with a report.
 *
 *   node scripts/sanitize.mjs [PART]      only the tests whose "file: name" contains PART
 */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, '.cache/sanitize');
const compilersAtOnce = 2;
/** Instances of the differential tests, unless the environment says otherwise: sanitized code is slow. */
const differentialCount = '20000';

const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
const flags = [
  ...['-std=c++20', '-O1', '-g1', ...sanitizers, '-fno-omit-frame-pointer'],
  ...['-fno-rtti', '-fno-strict-aliasing', '-pthread', '-Wall', '-Wextra'],
  ...['-I', 'native', '-I', 'test/native'],
];

function sourcesOf(target) {
  const script = join(root, 'scripts/sources.mjs');
  const { stdout } = spawnSync(process.execPath, [script, target], { cwd: root, encoding: 'utf8' });
  return stdout.trim().split('\n');
}

/** The files that an object was made from, as the compiler wrote them down beside it; and this one, for the flags. */
function madeFrom(dependencyFile) {
  const paths = readFileSync(dependencyFile, 'utf8').replace(/^.*?:/s, '');
  return [...paths.split(/[\s\\]+/).filter((path) => path !== ''), 'scripts/sanitize.mjs'];
}

function isFresh(object) {
  const dependencyFile = object.replace(/\.o$/, '.d');
  if (!existsSync(object) || !existsSync(dependencyFile)) return false;
  const madeAtMs = statSync(object).mtimeMs;
  return madeFrom(dependencyFile).every((path) => {
    const changed = statSync(join(root, path), { throwIfNoEntry: false });
    return changed !== undefined && changed.mtimeMs < madeAtMs;
  });
}

function run(program, options, environment = {}) {
  const env = { ...process.env, ...environment };
  const child = spawn(program, options, { cwd: root, stdio: 'inherit', env });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status) => resolve(status ?? 1));
  });
}

async function compile(sources) {
  const objectOf = (source) => join(folder, source.replace(/\.cpp$/, '.o'));
  const stale = sources.filter((source) => !isFresh(objectOf(source)));
  const total = stale.length;
  let failed = false;
  async function worker() {
    for (let source = stale.shift(); source !== undefined && !failed; source = stale.shift()) {
      const object = objectOf(source);
      mkdirSync(dirname(object), { recursive: true });
      console.log(`[${total - stale.length}/${total}] ${source}`);
      const dependencies = ['-MMD', '-MF', object.replace(/\.o$/, '.d')];
      const options = [...flags, ...dependencies, '-c', source, '-o', object];
      if ((await run('g++', options)) !== 0) failed = true;
    }
  }
  await Promise.all(Array.from({ length: compilersAtOnce }, worker));
  return failed ? null : sources.map(objectOf);
}

const objects = await compile([...sourcesOf('core'), ...sourcesOf('test')]);
if (objects === null) process.exit(1);
const executable = join(folder, 'vmft_native_test');
if (
  (await run('g++', [
    ...sanitizers,
    '-pthread',
    ...objects,
    '-liscsi',
    '-llz4',
    '-o',
    executable,
  ])) !== 0
) {
  process.exit(1);
}

const images = join(root, '.cache/images');
const guestFiles = {
  VMFT_KERNEL: join(images, 'vmlinuz'),
  VMFT_INITRAMFS: join(images, 'initramfs.gz'),
  VMFT_GUESTS: join(images, 'guests'),
};
const environment = {
  VMFT_DIFFERENTIAL_COUNT: process.env.VMFT_DIFFERENTIAL_COUNT ?? differentialCount,
  UBSAN_OPTIONS: 'print_stacktrace=1',
  ...Object.fromEntries(Object.entries(guestFiles).filter(([, path]) => existsSync(path))),
};
process.exitCode = await run(executable, process.argv.slice(2, 3), environment);
