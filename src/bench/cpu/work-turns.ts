/** One workload of the benchmarks' disk: in a guest under vmft and under QEMU, and without a guest. */

import { join } from 'node:path';
import { VmftError } from '../../base/errors.js';
import { imagesFolder } from '../../cli/project-paths.js';
import { DiskCopy } from '../guest/disk-copy.js';
import { type TimedRun, timeProcess } from '../timed-process.js';
import {
  type BenchedGuest,
  type Invocation,
  qemuDisk,
  qemuDiskOptions,
  qemuTcg,
  vmftDisk,
  vmftRun,
} from './invocation.js';
import type { Scene } from './scene.js';
import { parseWork } from './work-output.js';
import { type Worker, type WorkloadName, type WorkRow, workers, workRow } from './work-report.js';

const diskName = 'debian-bench';
export const benchDisk = join(imagesFolder, `${diskName}.img`);
const script = '/usr/lib/vmft/bench/work/run';
const memoryMiB = 512;
const runTimeoutMs = 10 * 60_000;

export class WorkTurns {
  private readonly times = new Map<Worker, number[]>();
  private checksum: string | null = null;

  constructor(
    private readonly workload: WorkloadName,
    private readonly scene: Scene,
  ) {}

  /** Every contestant once. */
  async round(): Promise<void> {
    for (const worker of workers) {
      const run = await this.run(worker);
      if (run !== null) this.take(worker, run);
    }
  }

  report(): WorkRow {
    const times = (worker: Worker): number[] | null => this.times.get(worker) ?? null;
    return workRow(this.workload, {
      vmft: times('vmft'),
      qemuTcg: times('qemuTcg'),
      native: times('native'),
    });
  }

  /** Null: this worker is not there. */
  private async run(worker: Worker): Promise<TimedRun | null> {
    switch (worker) {
      case 'vmft': {
        const disk = new DiskCopy(diskName);
        try {
          return await timed(vmftRun(guestAt(this.workload, vmftDisk), '--disk', disk.path));
        } finally {
          disk.remove();
        }
      }
      case 'qemuTcg':
        if (!this.scene.hasQemu) return null;
        return timed(qemuTcg(guestAt(this.workload, qemuDisk), ...qemuDiskOptions(benchDisk)));
      case 'native': {
        const { tree } = this.scene;
        return tree === null ? null : timed(tree(['/bin/sh', script, this.workload]));
      }
    }
  }

  /** Throws `internal` when the work did not end, or came to something else than elsewhere. */
  private take(worker: Worker, run: TimedRun): void {
    const result = parseWork(run.lines, this.workload);
    if (result === null)
      throw new VmftError(
        'internal',
        `${this.workload} did not end under ${worker}:\n${run.output.slice(-1000)}`,
      );
    const { checksum, wallMs } = result;
    this.checksum ??= checksum;
    if (checksum !== this.checksum)
      throw new VmftError(
        'internal',
        `${this.workload} under ${worker} came to ${checksum}, and elsewhere to ${this.checksum}`,
      );
    this.times.set(worker, [...(this.times.get(worker) ?? []), wallMs]);
    const seconds = (wallMs / 1000).toFixed(2);
    this.scene.progress(`${this.workload} ${worker.padEnd(10)} ${seconds} s`);
  }
}

/** The disk's own init runs the workload, and powers off. */
function guestAt(workload: WorkloadName, root: string): BenchedGuest {
  return {
    kernel: join(imagesFolder, 'vmlinuz'),
    initramfs: join(imagesFolder, 'initramfs.gz'),
    commandLine: `console=ttyS0 quiet root=${root} rw vmft.run=sh%20${script}%20${workload}`,
    memoryMiB,
  };
}

function timed({ program, options }: Invocation): Promise<TimedRun> {
  return timeProcess(program, options, runTimeoutMs);
}
