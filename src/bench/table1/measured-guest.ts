import { setTimeout as sleep } from 'node:timers/promises';

import { BenchGuest } from '../guest/bench-guest.js';
import { DiskCopy } from '../guest/disk-copy.js';
import { patience, type GuestPlan } from '../guest/guest-plan.js';
import { whileProtected } from '../guest/while-protected.js';
import type { DiskReads, Table1Row, Turn } from '../suite/result.js';
import type { SectionContext } from '../suite/section.js';
import { GuestShell } from './guest-shell.js';
import type { TwoWays } from './turns.js';
import type { RunningWorkload, Workload } from './workload.js';

const bootMsMax = 120_000;
/** After a change of roles: caches fill, the lag settles. */
const settleMs = 1_500;

/** A guest at a workload, which becomes a pair and unprotected again as it is asked for. */
export class MeasuredGuest implements TwoWays {
  private isPair = false;

  private constructor(
    private readonly guest: BenchGuest,
    private readonly disk: DiskCopy,
    private readonly workload: RunningWorkload,
    private readonly windowMs: number,
    private readonly joined: (replication: string) => void,
  ) {}

  /** Resolves when the workload is warm, unprotected. */
  static async start(
    { network, options, joined }: SectionContext<Table1Row>,
    workload: Workload,
    reads: DiskReads,
    windowMs: number,
  ): Promise<MeasuredGuest> {
    const disk = new DiskCopy(workload.guest.disk);
    let guest: BenchGuest | null = null;
    try {
      guest = await BenchGuest.boot(network, planOf(workload, reads, disk.path), options);
      const running = await workload.start(new GuestShell(network));
      return new MeasuredGuest(guest, disk, running, windowMs, joined);
    } catch (error) {
      guest?.close();
      disk.remove();
      throw error;
    }
  }

  async alone(): Promise<number> {
    if (this.isPair) {
      await this.guest.unprotect();
      this.isPair = false;
      await sleep(settleMs);
    }
    return this.workload.measure(this.windowMs);
  }

  async pair(): Promise<Pick<Turn, 'pair' | 'logMbitPerS'>> {
    if (!this.isPair) {
      this.joined((await this.guest.protect()).replication);
      this.isPair = true;
      await sleep(settleMs);
    }
    const measure = (): Promise<number> => this.workload.measure(this.windowMs);
    const { result, logMbitPerS } = await whileProtected(this.guest, measure);
    return { pair: result, logMbitPerS };
  }

  /** The guest goes with its work. */
  async close(): Promise<void> {
    await this.workload.stop().catch(() => undefined);
    this.guest.close();
    this.disk.remove();
  }
}

/** Its disk is shared, as in the paper. */
function planOf({ guest }: Workload, reads: DiskReads, disk: string): GuestPlan {
  return {
    words: `root=/dev/vda rw vmft.services=${[...guest.services, 'shell'].join(',')}`,
    atWork: 'vmft: ready',
    memoryMiB: guest.memoryMiB,
    bootMsMax,
    primaryOptions: ['--disk', `${disk},shared`, '--disk-reads', reads, ...patience],
    backupOptions: () => ['--disk', disk, ...patience],
  };
}
