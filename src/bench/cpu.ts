/**
 * `npm run bench:cpu`: the same kernel, initramfs and command line under vmft and under QEMU's TCG,
 * plain and recording; boots, runs the guest's CPU benchmark, powers off. The contestants take turns, so
 * that a machine that is busy for a while is so for all of them.
 */

import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { VmftError, asVmftError } from '../base/errors.js';
import { type Contestant, type CpuReport, parseGuestResult, median, report } from './cpu-report.js';
import { parseNumber } from './number-option.js';
import { type TimedRun, timeProcess } from './timed-process.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const vmft = join(root, 'dist/src/cli/main.js');
const kernel = join(root, '.cache/images/vmlinuz');
const initramfs = join(root, '.cache/images/initramfs.gz');
const commandLine = 'console=ttyS0 quiet vmft.mode=bench';
const memoryMiB = 256;
const runTimeoutMs = 10 * 60_000;
const qemu = 'qemu-system-x86_64';

interface Invocation {
  readonly program: string;
  readonly options: readonly string[];
}

/** In the order of a round: replaying needs the log that recording has just made. */
function contestants(folder: string, withQemu: boolean): ReadonlyMap<Contestant, Invocation> {
  const log = join(folder, 'run.log');
  const guest = [
    '--kernel',
    kernel,
    '--initrd',
    initramfs,
    '--append',
    commandLine,
    '--memory',
    `${memoryMiB}M`,
  ];
  const node = (...options: string[]): Invocation => ({
    program: process.execPath,
    options: [vmft, ...options],
  });
  const tcg = (...options: string[]): Invocation => ({
    program: qemu,
    options: [
      ...['-M', 'pc', '-nodefaults', '-no-user-config', '-no-reboot', '-accel', 'tcg'],
      ...['-m', `${memoryMiB}M`, '-net', 'none', '-serial', 'stdio', '-display', 'none'],
      ...['-kernel', kernel, '-initrd', initramfs, '-append', commandLine, ...options],
    ],
  });
  const rounds: [Contestant, Invocation][] = [
    ['vmft', node('run', ...guest)],
    ['vmftRecord', node('run', ...guest, '--record', log)],
    ['vmftReplay', node('replay', log)],
  ];
  if (withQemu) {
    rounds.push(['qemuTcg', tcg()]);
    rounds.push([
      'qemuRecord',
      tcg('-icount', `shift=2,rr=record,rrfile=${join(folder, 'qemu.rr')}`),
    ]);
  }
  return new Map(rounds);
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

/** A replay need not repeat the console; whatever did must have computed the same. */
function checkResult(name: Contestant, run: TimedRun, expected: string | null): string | null {
  const result = parseGuestResult(run.output);
  if (result === null) {
    if (name === 'vmftReplay') return expected;
    throw new VmftError(
      'internal',
      `the guest's benchmark did not end under ${name}:\n${run.output.slice(-1000)}`,
    );
  }
  if (expected !== null && result.checksums !== expected) {
    throw new VmftError('internal', `${name} computed ${result.checksums}, and others ${expected}`);
  }
  return result.checksums;
}

async function measure(
  rounds: number,
  folder: string,
  progress: (line: string) => void,
): Promise<CpuReport> {
  const withQemu = isInstalled(qemu);
  if (!withQemu)
    progress(`${qemu} is not installed (Debian package qemu-system-x86): no comparison with it`);
  const times = new Map<Contestant, number[]>();
  const guestSeconds: number[] = [];
  const overheadBytes: number[] = [];
  let checksums: string | null = null;
  for (let round = 1; round <= rounds; round++) {
    for (const [name, { program, options }] of contestants(folder, withQemu)) {
      const run = await timeProcess(program, options, runTimeoutMs);
      checksums = checkResult(name, run, checksums);
      times.set(name, [...(times.get(name) ?? []), run.wallMs]);
      if (name === 'vmft') guestSeconds.push(parseGuestResult(run.output)?.totalSeconds ?? NaN);
      if (name === 'vmftRecord') overheadBytes.push(run.residentBytesMax - memoryMiB * 2 ** 20);
      progress(
        `round ${round} of ${rounds}: ${name.padEnd(10)} ${(run.wallMs / 1000).toFixed(2)} s`,
      );
    }
  }
  const wallTimes = {
    vmft: times.get('vmft') ?? null,
    vmftRecord: times.get('vmftRecord') ?? null,
    vmftReplay: times.get('vmftReplay') ?? null,
    qemuTcg: times.get('qemuTcg') ?? null,
    qemuRecord: times.get('qemuRecord') ?? null,
  };
  for (const [name, values] of times)
    progress(`median: ${name.padEnd(10)} ${(median(values) / 1000).toFixed(2)} s`);
  return report(wallTimes, guestSeconds, overheadBytes);
}

function printTable(result: CpuReport): void {
  const times = (value: number | null): string =>
    value === null ? 'not measured' : `${value.toFixed(2)} times`;
  console.log(`vmft run takes          ${times(result.ratioToQemuTcg)} as long as QEMU TCG`);
  console.log(
    `vmft run --record takes ${times(result.ratioToQemuRecord)} as long as QEMU recording`,
  );
  console.log(`recording takes         ${times(result.recordCost)} as long as not recording`);
  console.log(`replaying takes         ${times(result.replayCost)} as long as recording`);
  console.log(`the guest runs          ${result.guestMips} million instructions a second`);
  console.log(`memory beyond the guest's own: ${result.memoryOverheadMiB} MiB`);
}

async function main(): Promise<void> {
  const command = new Command('bench:cpu')
    .description('vmft and QEMU on the same guest; ratios of wall times of whole processes')
    .option('--runs <n>', 'rounds, each with every contestant', parseNumber(100), 3)
    .option('--json', 'print one JSON object', false)
    .parse();
  const { runs, json } = command.opts<{ runs: number; json: boolean }>();
  const folder = mkdtempSync(join(tmpdir(), 'vmft-bench-'));
  try {
    const result = await measure(runs, folder, (line) => console.error(line));
    if (json) console.log(JSON.stringify(result));
    else printTable(result);
  } catch (error) {
    console.error(asVmftError(error).message);
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
