import type { Clock } from '../../base/clock.js';
import { asVmftError, type VmftError } from '../../base/errors.js';
import { limits, type PairSettings } from '../../base/limits.js';
import type { CopiedPages, Machine } from '../../flow/machine/machine.js';
import type { CopyStatus } from '../role/pair-event.js';
import { CopyConvergence } from './copy-convergence.js';
import { CopyWindow } from './copy-window.js';
import { DiskCopy, type PrivateDisk } from './disk-copy.js';
import type { PeerLink } from './ports.js';

export interface MachineCopyEvents {
  status(copy: CopyStatus): void;
  /** What is left now is best copied while the guest is paused. */
  settled(): void;
  /** All of the image is on its way. */
  sent(sentBytes: number): void;
  failed(error: VmftError): void;
}

export interface MachineCopyParts {
  readonly machine: Machine;
  readonly disks: readonly PrivateDisk[];
  readonly link: PeerLink;
  readonly clock: Clock;
  readonly settings: PairSettings;
  readonly events: MachineCopyEvents;
}

/**
 * Copies a running machine to a backup, private disks and memory: first everything that is not zero, then, in rounds, what
 * the guest changed meanwhile, until copy-convergence.ts says that the rest is for a pause; the guest is slowed where it
 * changes more than is copied. Paused, `finish` sends the rest and the state. Whatever comes, `stop` leaves the machine as
 * it was: unslowed, nothing tracked.
 */
export class MachineCopySender {
  private stopped = false;
  private readonly window: CopyWindow;
  private readonly diskCopy: DiskCopy;
  private readonly convergence: CopyConvergence;
  private memoryLeft: number;
  private round = 1;
  private speedShare = 1;
  /** Of disks and memory, that the rounds have covered. */
  private covered = 0;
  private bytesPerMs = 0;
  private shownMs: number;
  private shownBytes = 0;
  private shownRate = 0;

  constructor(private readonly parts: MachineCopyParts) {
    const { machine, disks, link, clock, settings } = parts;
    this.window = new CopyWindow(link, clock, settings.copyBytesPerSecondMax);
    this.diskCopy = new DiskCopy(machine, disks, async (disk, offset, data, zeroBytes) => {
      this.covered += data.length + zeroBytes;
      await this.window.send({ kind: 'disk-chunk', disk, offset, data, zeroBytes });
      this.show();
    });
    this.convergence = new CopyConvergence(settings.copyPauseMs);
    this.memoryLeft = machine.config.memoryBytes;
    this.shownMs = clock.nowMs();
  }

  start(): void {
    this.guarded(async () => {
      this.diskCopy.begin();
      await this.measured(async () => {
        await this.diskCopy.firstPass();
        if (this.stopped) return;
        this.parts.machine.copyBegin();
        this.memoryLeft = await this.parts.machine.copyChanges();
        await this.sendMemory();
      });
      await this.rounds();
      if (!this.stopped) this.parts.events.settled();
    });
  }

  /** The backup has taken in so many chunks; what is wrong with that, or null. */
  taken(chunks: bigint): VmftError | null {
    return this.window.taken(chunks);
  }

  /** The guest is paused. */
  finish(generation: bigint): void {
    this.guarded(async () => {
      const { machine, events } = this.parts;
      this.round += 1;
      this.window.unlimited();
      this.diskCopy.takeChanges();
      await this.diskCopy.sendPending();
      await this.sendMemory();
      if (this.stopped) return;
      const state = machine.copyState();
      await this.sendMemory();
      if (this.stopped) return;
      await this.window.sendState(generation, state);
      if (!this.isStopped()) events.sent(this.window.sentBytes);
    });
  }

  /** Idempotent. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.window.stop();
    const { machine } = this.parts;
    for (const undo of [
      () => {
        this.diskCopy.end();
      },
      () => {
        machine.copyEnd();
      },
      () => {
        this.slow(1);
      },
    ]) {
      try {
        undo();
      } catch (thrown) {
        // A machine that ended keeps nothing.
        if (asVmftError(thrown).code !== 'wrong-mode') throw thrown;
      }
    }
  }

  private guarded(run: () => Promise<void>): void {
    run().catch((thrown: unknown) => {
      if (!this.stopped) this.parts.events.failed(asVmftError(thrown));
    });
  }

  private async rounds(): Promise<void> {
    let flushed = !this.diskCopy.any;
    while (!this.stopped) {
      this.diskCopy.takeChanges();
      this.memoryLeft = await this.parts.machine.copyChanges();
      if (this.isStopped()) return;
      const next = this.convergence.next(this.leftBytes, this.bytesPerMs);
      this.show(true);
      if (next === 'pause') {
        if (flushed) return;
        // What the backup's disks hold back is not to be waited for in the pause.
        flushed = true;
        await this.window.send({ kind: 'flush-disks' });
        await this.window.emptied();
        continue;
      }
      this.slow(next.speedShare);
      this.round += 1;
      await this.measured(async () => {
        await this.diskCopy.sendPending();
        await this.sendMemory();
      });
    }
  }

  private get leftBytes(): number {
    return this.memoryLeft + this.diskCopy.leftBytes;
  }

  /** The next pages are made while the last ones are sent. */
  private async sendMemory(): Promise<void> {
    let next = this.read();
    while (!this.stopped) {
      const pages = await next;
      if (pages === null || this.isStopped()) return;
      next = this.read();
      this.memoryLeft = Math.max(0, this.memoryLeft - pages.memoryBytes);
      this.covered += pages.memoryBytes;
      await this.window.send({ kind: 'memory-chunk', pages: pages.data });
      this.show();
    }
  }

  private read(): Promise<CopiedPages | null> {
    const reading = this.parts.machine.copyRead(limits.memoryChunkMemoryBytes);
    // Whoever awaits it is told; nobody may, when the copy is stopped.
    reading.catch(() => undefined);
    return reading;
  }

  /** A small round is mostly waiting: it says what the network can only where it goes faster. */
  private async measured(run: () => Promise<void>): Promise<void> {
    const { clock } = this.parts;
    const begin = clock.nowMs();
    const before = this.covered;
    await run();
    await this.window.emptied();
    const covered = this.covered - before;
    const rate = covered / Math.max(clock.nowMs() - begin, 1);
    this.bytesPerMs = covered >= tellingBytes ? rate : Math.max(this.bytesPerMs, rate);
  }

  private slow(speedShare: number): void {
    if (speedShare === this.speedShare) return;
    this.speedShare = speedShare;
    this.parts.machine.setSpeedLimit(speedShare);
  }

  private show(now = false): void {
    const { clock, events } = this.parts;
    const nowMs = clock.nowMs();
    const sinceMs = nowMs - this.shownMs;
    if (this.stopped || (!now && sinceMs < showEveryMs)) return;
    const { sentBytes } = this.window;
    if (sinceMs >= showEveryMs) {
      const rate = ((sentBytes - this.shownBytes) * 1000) / sinceMs;
      this.shownRate = this.shownRate === 0 ? rate : (this.shownRate + rate) / 2;
      this.shownMs = nowMs;
      this.shownBytes = sentBytes;
    }
    const { leftBytes, round, speedShare } = this;
    const bytesPerSecond = Math.round(this.shownRate);
    events.status({ sentBytes, leftBytes, bytesPerSecond, round, throttle: 1 - speedShare });
  }

  /** TypeScript takes `stopped` for what it was before an await. */
  private isStopped(): boolean {
    return this.stopped;
  }
}

const showEveryMs = 100;
const tellingBytes = 1 << 20;
