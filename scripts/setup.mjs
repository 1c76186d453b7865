/**
 * Sets up what a step needs, from a fresh clone on: Debian packages, npm packages, the native
 * addon, compiled TypeScript, guest images. Does only what is missing or out of date.
 *
 *   node scripts/setup.mjs [build|disk|demo|test|bench|benchSuite|benchGuest|benchStop|benchDisk]...      (without a step: all but bench and benchSuite)
 */

import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  buildBenchDisk,
  buildLinuxImages,
  buildRootDisk,
  buildTestGuests,
} from '../images/build.mjs';
import { ImageError } from '../images/builder/debian-packages.mjs';
import { ensureAddon } from './setup/addon.mjs';
import { ensurePackages } from './setup/debian.mjs';
import { withLock } from './setup/lock.mjs';
import { ensureNodeModules } from './setup/node-modules.mjs';
import { StepError } from './setup/step-error.mjs';
import { ensureTypeScript } from './setup/typescript.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const nodeMajorMin = 20;

/** What making the root disk takes; without root, namespaces with subordinate ids. */
const rootDiskPackages = [
  'mmdebstrap',
  'e2fsprogs',
  ...(process.getuid?.() === 0 ? [] : ['uidmap']),
];

/** What each step needs beyond the build. */
const steps = {
  build: { packages: [], images: [] },
  disk: { packages: rootDiskPackages, images: [buildRootDisk] },
  demo: { packages: ['iproute2'], images: [buildLinuxImages] },
  test: {
    packages: ['iproute2', 'tgt', 'etcd-server', 'etcd-client', ...rootDiskPackages],
    images: [buildLinuxImages, buildTestGuests, buildRootDisk],
  },
  bench: { packages: rootDiskPackages, images: [buildLinuxImages, buildBenchDisk] },
  benchSuite: {
    packages: ['iproute2', 'iputils-ping', 'iperf3', ...rootDiskPackages],
    images: [buildLinuxImages, buildRootDisk, buildBenchDisk],
  },
  benchGuest: { packages: ['iproute2', 'iputils-ping'], images: [buildLinuxImages] },
  benchStop: { packages: ['iproute2'], images: [buildLinuxImages, buildTestGuests] },
  benchDisk: {
    packages: ['iproute2', ...rootDiskPackages],
    images: [buildLinuxImages, buildRootDisk],
  },
};

const imageNames = new Map([
  [buildLinuxImages, 'guest images'],
  [buildTestGuests, 'test guests'],
  [buildRootDisk, 'root disk'],
  [buildBenchDisk, 'disk of the benchmarks'],
]);

const buildPackages = ['python3', 'make', 'g++', 'libiscsi-dev', 'liblz4-dev', 'libxbyak-dev'];

/** @param {string[]} names keys of `steps` @returns {Promise<boolean>} false when it failed, having said why */
export async function setUp(names) {
  try {
    for (const name of names) {
      if (!Object.hasOwn(steps, name)) {
        throw new StepError(
          `'${name}' is not a step; the steps are ${Object.keys(steps).join(', ')}`,
        );
      }
    }
    if (process.platform !== 'linux' || process.arch !== 'x64') {
      throw new StepError(
        `vmft runs on Linux on x86-64, and this is ${process.platform} on ${process.arch}`,
      );
    }
    if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
      throw new StepError(
        `Node ${nodeMajorMin} or newer is needed, and this is ${process.version}`,
      );
    }
    await withLock(join(root, '.cache'), () => runSteps(names));
    return true;
  } catch (error) {
    if (!(error instanceof StepError || error instanceof ImageError)) throw error;
    console.error(`setup: ${error.message}`);
    return false;
  }
}

function runSteps(names) {
  const wanted = names.map((name) => steps[name]);
  ensurePackages([...new Set([...buildPackages, ...wanted.flatMap((step) => step.packages)])]);
  ensureNodeModules(root);
  ensureAddon(root);
  ensureTypeScript(root);
  for (const buildImages of new Set(wanted.flatMap((step) => step.images))) {
    if (buildImages()) console.error(`setup: ${imageNames.get(buildImages)} built`);
  }
}

/** They make a disk that only they need, for minutes. */
const onlyWhenAsked = ['bench', 'benchSuite'];

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const names = process.argv.slice(2);
  const usual = Object.keys(steps).filter((name) => !onlyWhenAsked.includes(name));
  const done = await setUp(names.length > 0 ? names : usual);
  process.exitCode = done ? 0 : 1;
}
