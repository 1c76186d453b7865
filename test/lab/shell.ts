/**
 * Runs a command in a host of the lab: in one booted for it, or in one that is kept up.
 *
 *   node test/lab/shell.mjs [OPTION]... -- COMMAND
 *   node test/lab/shell.mjs --name NAME [OPTION]... up | down
 *   node test/lab/shell.mjs --name NAME run -- COMMAND
 *   node test/lab/shell.mjs list
 *
 * The status is the command's; 124 when its time was over, 125 when the lab itself failed.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { LabHost } from './lab-host.js';
import { buildLabImages, labCache, projectRoot } from './lab-images.js';

const hostsFolder = join(labCache, 'hosts');
const keptUpS = 6 * 3600;
const timedOut = 124;
const labFailed = 125;

const optionKinds = {
  name: { type: 'string' },
  skid: { type: 'string', default: '0' },
  smp: { type: 'string', default: '1' },
  memory: { type: 'string', default: '1024' },
  files: { type: 'string', default: projectRoot },
  storage: { type: 'string' },
  timeout: { type: 'string', default: '600' },
} as const;

const usage = `usage: node test/lab/shell.mjs [OPTION]... -- COMMAND
       node test/lab/shell.mjs --name NAME [OPTION]... up|run|down [-- COMMAND]
       node test/lab/shell.mjs list
options: --skid BRANCHES --smp CPUS --memory MIB --files FOLDER (seen as /files) --storage FOLDER
         (seen as /storage) --timeout SECONDS`;

type Options = ReturnType<typeof parse>['values'];

function parse(words: readonly string[]) {
  return parseArgs({ args: [...words], options: optionKinds, allowPositionals: true });
}

function number(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`${text} is not a number\n${usage}`);
  return value;
}

async function boot(name: string, options: Options, kept: boolean): Promise<LabHost> {
  mkdirSync(hostsFolder, { recursive: true });
  const startedMs = performance.now();
  const images = buildLabImages();
  const builtMs = performance.now();
  const host = await LabHost.boot({
    ...{ images, name, folder: join(hostsFolder, name), filesFolder: options.files },
    memoryMiB: number(options.memory),
    cpus: number(options.smp),
    skidBranches: number(options.skid),
    ...(options.storage === undefined ? {} : { storageFolder: options.storage }),
    ...(kept ? { detachedForS: keptUpS } : {}),
  });
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  process.stderr.write(
    `lab: ${name} is up: images ${seconds(builtMs - startedMs)}, boot ${seconds(performance.now() - builtMs)}\n`,
  );
  return host;
}

async function runCommand(host: LabHost, command: string, options: Options): Promise<number> {
  const job = host.start(command, {
    timeoutMs: number(options.timeout) * 1000,
    onOutput: (stream, bytes) => {
      (stream === 'stdout' ? process.stdout : process.stderr).write(bytes);
    },
  });
  const interrupted = (): void => {
    job.kill();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupted);
  const { status, reason } = await job.ended;
  if (reason !== 'ended') {
    process.stderr.write(`lab: ${reason}; the console is ${join(host.folder, 'console.log')}\n`);
  }
  return status ?? (reason === 'timeout' ? timedOut : labFailed);
}

async function main(words: readonly string[]): Promise<number> {
  const split = words.indexOf('--');
  const command = split < 0 ? '' : words.slice(split + 1).join(' ');
  const { values: options, positionals } = parse(split < 0 ? words : words.slice(0, split));
  const [verb = 'once'] = positionals;
  if ((verb === 'once' || verb === 'run') && command === '') throw new Error(usage);
  if (verb === 'list') {
    for (const name of existsSync(hostsFolder) ? readdirSync(hostsFolder) : []) {
      console.log(`${name}\t${isUp(name) ? 'up' : 'down'}`);
    }
    return 0;
  }
  if (verb === 'once') {
    const host = await boot(`once-${process.pid}`, options, false);
    try {
      return await runCommand(host, command, options);
    } finally {
      await host.close();
    }
  }
  const { name } = options;
  if (name === undefined || !/^[a-z0-9-]{1,32}$/.test(name)) throw new Error(usage);
  switch (verb) {
    case 'up':
      if (isUp(name)) throw new Error(`${name} is up already`);
      await boot(name, options, true);
      return 0;
    case 'run':
      return runCommand(LabHost.attach(join(hostsFolder, name)), command, options);
    case 'down':
      if (isUp(name)) await LabHost.attach(join(hostsFolder, name)).close();
      return 0;
    default:
      throw new Error(usage);
  }
}

function isUp(name: string): boolean {
  try {
    LabHost.attach(join(hostsFolder, name));
    return true;
  } catch {
    return false;
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`lab: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = labFailed;
}
