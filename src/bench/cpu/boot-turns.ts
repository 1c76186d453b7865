/**
 * Boot, the initramfs's CPU benchmark and power-off: under `vmft run`, `--record` and `replay`, and under QEMU, plain and recording. The benchmark
 * alone also on this host.
 */

import { join } from 'node:path';
import { VmftError } from '../../base/errors.js';
import { imagesFolder } from '../../cli/project-paths.js';
import {
  bootSeconds,
  type BootReport,
  type Contestant,
  parseGuestResult,
  report,
  type SubjectRunner,
  subjectRunners,
  type SubjectSeconds,
} from '../cpu-report.js';
import { type TimedRun, timeProcess } from '../timed-process.js';
import { type BenchedGuest, type Invocation, qemuTcg, vmft, vmftRun } from './invocation.js';
import type { Scene } from './scene.js';

const memoryMiB = 256;
const guest: BenchedGuest = {
  kernel: join(imagesFolder, 'vmlinuz'),
  initramfs: join(imagesFolder, 'initramfs.gz'),
  commandLine: 'console=ttyS0 quiet vmft.mode=bench',
  memoryMiB,
};
const runTimeoutMs = 10 * 60_000;
const nativeCommand = ['/usr/bin/bench', '1'];

type Runner = Contestant | 'native';

export class BootTurns {
  private readonly times = new Map<Runner, number[]>();
  private readonly subjects = new Map<Runner, SubjectSeconds[]>();
  private readonly guestSeconds: number[] = [];
  private readonly overheadBytes: number[] = [];
  private checksums: string | null = null;

  constructor(private readonly scene: Scene) {}

  /** Every contestant once. */
  async round(): Promise<void> {
    for (const [name, { program, options }] of this.contestants()) {
      const run = await timeProcess(program, options, runTimeoutMs);
      this.take(name, run);
      this.scene.progress(`boot ${name.padEnd(10)} ${(run.wallMs / 1000).toFixed(2)} s`);
    }
  }

  report(): BootReport {
    const times = (name: Contestant): number[] | null => this.times.get(name) ?? null;
    const subjects = (name: SubjectRunner): SubjectSeconds[] => this.subjects.get(name) ?? [];
    return report(
      {
        vmft: times('vmft'),
        vmftRecord: times('vmftRecord'),
        vmftReplay: times('vmftReplay'),
        qemuTcg: times('qemuTcg'),
        qemuRecord: times('qemuRecord'),
      },
      this.guestSeconds,
      this.overheadBytes,
      {
        vmft: subjects('vmft'),
        vmftRecord: subjects('vmftRecord'),
        qemuTcg: subjects('qemuTcg'),
        native: subjects('native'),
      },
    );
  }

  /** In the order of a round: replaying needs the log that recording has just made. */
  private contestants(): [Runner, Invocation][] {
    const { folder, hasQemu, tree } = this.scene;
    const log = join(folder, 'run.log');
    const icount = `shift=2,rr=record,rrfile=${join(folder, 'qemu.rr')}`;
    const ofQemu: [Runner, Invocation][] = [
      ['qemuTcg', qemuTcg(guest)],
      ['qemuRecord', qemuTcg(guest, '-icount', icount)],
    ];
    return [
      ['vmft', vmftRun(guest)],
      ['vmftRecord', vmftRun(guest, '--record', log)],
      ['vmftReplay', vmft('replay', log)],
      ...(hasQemu ? ofQemu : []),
      ...(tree === null ? [] : ([['native', tree(nativeCommand)]] as [Runner, Invocation][])),
    ];
  }

  private take(name: Runner, run: TimedRun): void {
    const result = parseGuestResult(run.output);
    this.checkResult(name, run, result?.checksums ?? null);
    append(this.times, name, run.wallMs);
    if (name === 'vmftRecord') this.overheadBytes.push(run.residentBytesMax - memoryMiB * 2 ** 20);
    if (result === null) return;
    if (name === 'vmft') this.guestSeconds.push(result.totalSeconds);
    if (!subjectRunners.some((runner) => runner === name)) return;
    const boot = name === 'native' ? null : bootSeconds(run.lines);
    const seconds = boot === null ? {} : { boot };
    append(this.subjects, name, { ...seconds, ...result.subjectSeconds });
  }

  /** A replay need not repeat the console; whatever did must have computed the same. */
  private checkResult(name: Runner, run: TimedRun, checksums: string | null): void {
    if (checksums === null) {
      if (name === 'vmftReplay') return;
      throw new VmftError(
        'internal',
        `the guest's benchmark did not end under ${name}:\n${run.output.slice(-1000)}`,
      );
    }
    this.checksums ??= checksums;
    if (checksums !== this.checksums)
      throw new VmftError(
        'internal',
        `${name} computed ${checksums}, and others ${this.checksums}`,
      );
  }
}

function append<Value>(lists: Map<Runner, Value[]>, name: Runner, value: Value): void {
  lists.set(name, [...(lists.get(name) ?? []), value]);
}
