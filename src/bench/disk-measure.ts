/**
 * Measures fio in a guest on a disk, as a pair against unprotected. Within one boot the two take turns, so that a
 * host that is busy for a while is so for both.
 */

import { copyFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { VmftError } from '../base/errors.js';
import type { DemoNetwork } from '../cli/demo/demo-network.js';
import { imagesFolder } from '../cli/project-paths.js';
import { diskJobs, fioCommand, parseFio, type DiskJob, type JobSample } from './disk-jobs.js';
import type { DiskRound, Holding, PairSample } from './disk-report.js';
import { BenchGuest } from './guest/bench-guest.js';
import { patiently, type GuestPlan } from './guest/guest-plan.js';
import { GuestShell } from './guest/guest-shell.js';

export interface DiskPlan {
  /** Turns of unprotected and protected for each job. */
  readonly rounds: number;
  readonly jobMs: number;
  readonly holdings: readonly Holding[];
  /** Where the disks are, which decides what storage is measured. */
  readonly folder: string;
}

export type Progress = (line: string) => void;

const rootImage = join(imagesFolder, 'debian-root.img');
const measuredDevice = '/dev/vdb';
const measuredMiB = 128;
const reservedMiB = 1;
const commandMsMax = 120_000;
/** After a change of roles: caches fill, the lag settles. */
const settleMs = 1_500;
/** Longer than the time between two lines of status. */
const statusMs = 400;

export async function measureDisks(
  network: DemoNetwork,
  plan: DiskPlan,
  progress: Progress,
): Promise<DiskRound[]> {
  const rounds: DiskRound[] = [];
  for (const holding of plan.holdings) {
    const disks = new MeasuredDisks(plan.folder, holding);
    try {
      rounds.push(...(await measureHolding(network, plan, disks, progress)));
    } finally {
      disks.remove();
    }
  }
  return rounds;
}

async function measureHolding(
  network: DemoNetwork,
  plan: DiskPlan,
  disks: MeasuredDisks,
  progress: Progress,
): Promise<DiskRound[]> {
  const guest = await BenchGuest.boot(network, disks.guestPlan());
  const { holding } = disks;
  const rounds: DiskRound[] = [];
  try {
    for (let round = 1; round <= plan.rounds; round += 1) {
      const alone: JobSample[] = [];
      await sleep(settleMs);
      for (const job of diskJobs) alone.push(await runJob(network, job, plan.jobMs));
      await guest.protect();
      await sleep(settleMs);
      for (const [index, job] of diskJobs.entries()) {
        const pair = await runJobOfPair(network, guest, job, plan.jobMs);
        const sample = { holding, job: job.name, alone: alone[index] as JobSample, pair };
        rounds.push(sample);
        progress(`${round} of ${plan.rounds}: ${textOf(sample)}`);
      }
      await guest.unprotect();
    }
  } finally {
    guest.close();
  }
  return rounds;
}

function textOf({ holding, job, alone, pair }: DiskRound): string {
  const sample = ({ mbytePerS, latencyMs }: JobSample): string =>
    `${mbytePerS.toFixed(2)} MB/s ${latencyMs.toFixed(2)} ms`;
  return `${holding}: ${job}: ${sample(alone)} unprotected, ${sample(pair)} protected, log ${pair.logMbitPerS.toFixed(2)} Mbit/s`;
}

async function runJob(network: DemoNetwork, job: DiskJob, jobMs: number): Promise<JobSample> {
  const command = fioCommand(job, measuredDevice, jobMs);
  return parseFio(await new GuestShell(network).output(command, commandMsMax));
}

async function runJobOfPair(
  network: DemoNetwork,
  guest: BenchGuest,
  job: DiskJob,
  jobMs: number,
): Promise<PairSample> {
  const before = Number(guest.status()['recordedBytes']);
  const sample = await runJob(network, job, jobMs);
  await sleep(statusMs);
  const after = guest.status();
  if (after['phase'] !== 'protected')
    throw new VmftError('internal', `the pair fell apart while fio ran (${job.name})`);
  const logBytes = Number(after['recordedBytes']) - before;
  return {
    ...sample,
    logMbitPerS: (logBytes * 8) / 1e3 / sample.runtimeMs,
    logPerByte: logBytes / sample.bytes,
  };
}

/** The files of one guest: its root, shared, and the one that is measured. */
class MeasuredDisks {
  private readonly folder: string;
  private copies = 0;

  constructor(
    parent: string,
    readonly holding: Holding,
  ) {
    this.folder = mkdtempSync(join(parent, 'vmft-bench-disk-'));
    copyFileSync(rootImage, this.path('root.img'));
    this.makeEmpty('measured.img');
  }

  guestPlan(): GuestPlan {
    const word = this.holding === 'private' ? 'private' : 'shared';
    const reads = this.holding === 'shared, reads on the backup' ? 'backup' : 'log';
    return patiently({
      words: 'root=/dev/vda rw vmft.services=shell',
      atWork: 'vmft: ready',
      primaryOptions: [
        ...['--disk', `${this.path('root.img')},shared`],
        ...['--disk', `${this.path('measured.img')},${word}`],
        ...['--disk-reads', reads],
      ],
      backupOptions: () => this.backupOptions(),
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A private disk is copied at each join, into an empty file. */
  private backupOptions(): string[] {
    const measured = this.holding === 'private' ? `copy-${(this.copies += 1)}.img` : 'measured.img';
    if (this.holding === 'private') this.makeEmpty(measured);
    return ['--disk', this.path('root.img'), '--disk', this.path(measured)];
  }

  private makeEmpty(name: string): void {
    writeFileSync(this.path(name), '');
    truncateSync(this.path(name), (measuredMiB + reservedMiB) * 2 ** 20);
  }

  private path(name: string): string {
    return join(this.folder, name);
  }
}
