/**
 * `npm run bench:cpu`: what the software CPU makes of a guest's instructions, beside QEMU's TCG and beside this host without a guest. Boot,
 * the initramfs's CPU benchmark and power-off; and programs on the benchmarks' disk, each a fixed amount of work.
 * The contestants take turns, so that a machine that is busy for a while is so for all of them, and must all come to
 * the same checksums.
 */

import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { VmftError, asVmftError } from '../base/errors.js';
import { BootTurns } from './cpu/boot-turns.js';
import { cpuGoals } from './cpu/goals.js';
import { qemu } from './cpu/invocation.js';
import { inTree, treeTrouble } from './cpu/native-tree.js';
import type { Scene } from './cpu/scene.js';
import { cpuTable, type CpuResult } from './cpu/table.js';
import { benchDisk, WorkTurns } from './cpu/work-turns.js';
import { workloadNames } from './cpu/work-report.js';
import { parseNumber } from './number-option.js';

const subjects = ['boot', ...workloadNames] as const;
type Subject = (typeof subjects)[number];

interface Options {
  readonly rounds: number;
  readonly only: readonly Subject[];
  readonly json: boolean;
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Who there is; says who is not. */
function setScene(folder: string, progress: (line: string) => void): Scene {
  const hasQemu = isInstalled(qemu);
  if (!hasQemu)
    progress(`${qemu} is not installed (Debian package qemu-system-x86): no comparison with it`);
  const place = join(folder, 'tree');
  mkdirSync(place);
  const trouble = treeTrouble(benchDisk, place);
  if (trouble !== null)
    progress(`no comparison with this host itself, for which it takes root: ${trouble}`);
  const tree = (command: readonly string[]): ReturnType<typeof inTree> =>
    inTree(benchDisk, place, command);
  return { folder, hasQemu, tree: trouble === null ? tree : null, progress };
}

async function measure({ rounds, only }: Options, scene: Scene): Promise<CpuResult> {
  const boot = only.includes('boot') ? new BootTurns(scene) : null;
  const works = workloadNames
    .filter((name) => only.includes(name))
    .map((name) => new WorkTurns(name, scene));
  for (let round = 1; round <= rounds; round++) {
    scene.progress(`round ${round} of ${rounds}`);
    await boot?.round();
    for (const work of works) await work.round();
  }
  const bootReport = boot?.report() ?? null;
  const workloads = works.map((work) => work.report());
  return { boot: bootReport, workloads, goals: cpuGoals(bootReport, workloads) };
}

function parseSubject(text: string, before: readonly Subject[] | undefined): Subject[] {
  const subject = subjects.find((name) => name === text);
  if (subject === undefined) throw new InvalidArgumentError(`one of ${subjects.join(', ')}`);
  return [...(before ?? []), subject];
}

async function main(): Promise<void> {
  const command = new Command('bench:cpu')
    .description('the same work under vmft, under QEMU’s TCG and on this host; ratios of times')
    .option('--rounds <n>', 'each with every contestant', parseNumber(100), 3)
    .addOption(
      new Option('--only <subjects...>', `some of ${subjects.join(', ')}`).argParser(parseSubject),
    )
    .option('--json', 'print one JSON object', false)
    .parse();
  const options = { only: subjects, ...command.opts<Partial<Options>>() } as Options;
  const folder = mkdtempSync(join(tmpdir(), 'vmft-bench-'));
  try {
    if (!existsSync(benchDisk))
      throw new VmftError(
        'disk-unusable',
        `there is no ${benchDisk}`,
        'npm run bench:cpu makes it',
      );
    const result = await measure(
      options,
      setScene(folder, (line) => console.error(line)),
    );
    const { boot, ...rest } = result;
    if (options.json) console.log(JSON.stringify({ ...boot, ...rest }));
    else for (const line of cpuTable(result)) console.log(line);
  } catch (error) {
    console.error(asVmftError(error).message);
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
