/**
 * The lab: two Linux hosts with KVM and exact counters on one machine, and vmft on them (docs/lab.md).
 *
 *   npm run lab [-- --only NAME[,NAME] --skid N[,N] --runs N --keep --list]
 */
import { mkdtempSync, mkdirSync, rmSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import {
  endBySignals,
  enterNamespaces,
  namespaceOptions,
} from '../../src/cli/demo/enter-namespaces.js';
import { tunDeviceFault } from '../../src/cli/check/tap.js';
import { LabUnavailable, buildLabImages, labCache, type LabImages } from './lab-images.js';
import type { LabOptions } from './lab.js';
import { runScenarios, scenarios } from './run-scenarios.js';

const thisScript = fileURLToPath(import.meta.url);

const optionKinds = {
  only: { type: 'string' },
  skid: { type: 'string', default: '0,500' },
  runs: { type: 'string', default: '10' },
  keep: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  // Set inside the namespaces: the folder of this run.
  inside: { type: 'string' },
} as const;

const usage =
  'usage: npm run lab -- [--only NAME[,NAME]] [--skid N[,N]] [--runs N] [--keep] [--list]';

function numbers(text: string): number[] {
  const values = text.split(',').map(Number);
  if (values.some((value) => !Number.isInteger(value) || value < 0 || value > 100_000)) {
    throw new Error(`${text}: whole numbers up to 100000\n${usage}`);
  }
  return values;
}

async function main(words: string[]): Promise<number> {
  const { values } = parseArgs({ args: words, options: optionKinds });
  const options: LabOptions = {
    skids: numbers(values.skid),
    runs: numbers(values.runs)[0] ?? 1,
    keep: values.keep,
    only: values.only ?? null,
  };
  const unknown = options.only?.split(',').find((name) => !scenarios.some((s) => s.name === name));
  if (unknown !== undefined) throw new Error(`no scenario is called ${unknown}; see --list`);
  if (values.list) {
    for (const { name, title } of scenarios) console.log(`${name.padEnd(12)} ${title}`);
    return 0;
  }
  if (values.inside !== undefined) return inside(options, values.inside);
  return outside(words, options);
}

async function outside(words: readonly string[], { keep }: LabOptions): Promise<number> {
  let images: LabImages;
  try {
    requireWhatHostsNeed();
    images = buildLabImages();
  } catch (error) {
    if (!(error instanceof LabUnavailable)) throw error;
    console.log(`lab: skipped: ${error.message}`);
    return 0;
  }
  const runs = join(labCache, 'runs');
  mkdirSync(runs, { recursive: true });
  const folder = mkdtempSync(join(runs, 'run-'));
  try {
    const inner = ['--inside', folder, ...words];
    process.env['VMFT_LAB_IMAGES'] = JSON.stringify(images);
    return await enterNamespaces(thisScript, inner);
  } finally {
    if (keep) console.log(`lab: what the hosts left is in ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

function requireWhatHostsNeed(): void {
  if (namespaceOptions() === null) {
    throw new LabUnavailable('this user may not make network namespaces here: run as root');
  }
  const fault = tunDeviceFault();
  if (fault !== null) throw new LabUnavailable(`${fault.found}: ${fault.whatToDo}`);
  const kibMin = 3 * 2 ** 20;
  const available = /^MemAvailable:\s*(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  if (Number(available) < kibMin) throw new LabUnavailable('it needs 3 GiB of free memory');
  if (!existsSync('/etc/debian_version')) {
    throw new LabUnavailable('its hosts are made from Debian packages, and this is not Debian');
  }
}

/** As the init of the namespaces: everything in there ends with this process. */
async function inside(options: LabOptions, folder: string): Promise<number> {
  endBySignals();
  const images = JSON.parse(process.env['VMFT_LAB_IMAGES'] ?? '') as LabImages;
  process.exit(await runScenarios(images, options, folder));
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`lab: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
