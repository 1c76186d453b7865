import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import { VmftError } from '../../base/errors.js';
import { BenchGuest } from '../guest/bench-guest.js';
import { DiskCopy } from '../guest/disk-copy.js';
import { patiently, type GuestPlan } from '../guest/guest-plan.js';
import { whileProtected } from '../guest/while-protected.js';
import type { DiskReads, Table1Row, Turn } from '../suite/result.js';
import type { SectionContext } from '../suite/section.js';
import { GuestShell } from '../guest/guest-shell.js';
import type { TwoWays } from './turns.js';
import type { RunningWorkload, Workload, WorkloadGuest } from './workload.js';

const bootMsMax = 120_000;
/** After a change of roles: caches fill, the lag settles. */
const settleMs = 1_500;

/** A guest at a workload, which becomes a pair and unprotected again as it is asked for. Several may work in it, one after the other. */
export class MeasuredGuest implements TwoWays {
  private isPair = false;
  private running: RunningWorkload | null = null;

  private constructor(
    private readonly context: SectionContext<Table1Row>,
    private readonly kind: WorkloadGuest,
    private readonly reads: DiskReads,
    private readonly windowMs: number,
    private readonly guest: BenchGuest,
    private readonly disk: DiskCopy,
  ) {}

  static async boot(
    context: SectionContext<Table1Row>,
    kind: WorkloadGuest,
    reads: DiskReads,
    windowMs: number,
  ): Promise<MeasuredGuest> {
    const { network, options } = context;
    const disk = new DiskCopy(kind.disk);
    try {
      const guest = await BenchGuest.boot(network, planOf(kind, reads, disk.path), options);
      return new MeasuredGuest(context, kind, reads, windowMs, guest, disk);
    } catch (error) {
      disk.remove();
      throw error;
    }
  }

  /** Whether it has what such a guest has. */
  is(kind: WorkloadGuest, reads: DiskReads): boolean {
    return reads === this.reads && isDeepStrictEqual(kind, this.kind);
  }

  /** Resolves when the workload is warm, unprotected. */
  async start(workload: Workload): Promise<void> {
    await this.unprotect();
    this.running = await workload.start(new GuestShell(this.context.network));
  }

  /** Of the workload; the guest goes on. */
  async stop(): Promise<void> {
    const { running } = this;
    this.running = null;
    await running?.stop();
  }

  async alone(): Promise<number> {
    await this.unprotect();
    return this.measure();
  }

  async pair(): Promise<Pick<Turn, 'pair' | 'logMbitPerS'>> {
    if (!this.isPair) {
      this.context.joined((await this.guest.protect()).replication);
      this.isPair = true;
      await sleep(settleMs);
    }
    const { result, logMbitPerS } = await whileProtected(this.guest, () => this.measure());
    return { pair: result, logMbitPerS };
  }

  async close(): Promise<void> {
    await this.stop().catch(() => undefined);
    this.guest.close();
    this.disk.remove();
  }

  private async unprotect(): Promise<void> {
    if (!this.isPair) return;
    await this.guest.unprotect();
    this.isPair = false;
    await sleep(settleMs);
  }

  private measure(): Promise<number> {
    if (this.running === null) throw new VmftError('internal', 'bug: nothing works in this guest');
    return this.running.measure(this.windowMs);
  }
}

/** Its disk is shared, as in the paper. */
function planOf(kind: WorkloadGuest, reads: DiskReads, disk: string): GuestPlan {
  return patiently({
    words: `root=/dev/vda rw vmft.services=${[...kind.services, 'shell'].join(',')}`,
    atWork: 'vmft: ready',
    memoryMiB: kind.memoryMiB,
    bootMsMax,
    primaryOptions: ['--disk', `${disk},shared`, '--disk-reads', reads],
    backupOptions: () => ['--disk', disk],
  });
}
