import { asVmftError, VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import type { DiskRange, Machine } from '../../flow/machine/machine.js';
import { coalesce, totalBytes, within } from './disk-ranges.js';
import type { CopiedDisk, PeerLink } from './ports.js';

/** A private disk of the machine, by its index in GuestConfig.disks. */
export interface PrivateDisk {
  readonly index: number;
  readonly disk: CopiedDisk;
  /** The guest's; this host's disk may be larger. */
  readonly capacityBytes: bigint;
}

export interface DiskCopyEvents {
  progress(bytes: bigint, leftBytes: bigint): void;
  /** What is left now is best copied while the guest is paused. */
  settled(): void;
  failed(error: VmftError): void;
}

/**
 * Copies a running machine's private disks to a backup whose disks are all zero: first everything that is
 * not zero, then, again and again, what the guest has changed meanwhile, until little is left or the guest
 * changes it as fast as it is copied. The guest is paused then, and `finish` sends the last.
 *
 * A range may be read while a write to it is under way, and be torn: that write is in the changes of a later round, or is
 * pending in the state that follows, and the backup issues it again by itself.
 */
export class DiskCopySender {
  private stopped = false;
  private sentChunks = 0n;
  private writtenChunks = 0n;
  private sentBytes = 0n;
  /** Taken from the machine, and not sent yet. */
  private readonly pending = new Map<number, readonly DiskRange[]>();
  private wake: () => void = () => undefined;

  constructor(
    private readonly machine: Machine,
    private readonly disks: readonly PrivateDisk[],
    private readonly link: PeerLink,
    private readonly events: DiskCopyEvents,
  ) {}

  start(): void {
    if (this.disks.length === 0) {
      this.events.settled();
      return;
    }
    this.guarded(async () => {
      for (const { index } of this.disks) this.machine.trackDiskChanges(index, true);
      await this.firstPass();
      await this.rounds();
      if (!this.stopped) this.events.settled();
    });
  }

  /** The backup has written so many chunks; what is wrong with that, or null. */
  written(chunks: bigint): VmftError | null {
    if (chunks < this.writtenChunks || chunks > this.sentChunks) {
      const message = `the backup says it wrote ${chunks} pieces of disk, of ${this.sentChunks}`;
      return new VmftError('ack-beyond-sent', message);
    }
    this.writtenChunks = chunks;
    this.wake();
    return null;
  }

  /** The guest is paused: sends the last changes. */
  finish(sent: () => void): void {
    if (this.disks.length === 0) {
      sent();
      return;
    }
    this.guarded(async () => {
      this.takeChanges();
      await this.sendPending();
      if (!this.stopped) sent();
    });
  }

  /** Idempotent. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.wake();
    try {
      for (const { index } of this.disks) this.machine.trackDiskChanges(index, false);
    } catch (thrown) {
      // A machine that ended keeps no changes.
      if (asVmftError(thrown).code !== 'wrong-mode') throw thrown;
    }
  }

  private guarded(run: () => Promise<void>): void {
    run().catch((thrown: unknown) => {
      if (!this.stopped) this.events.failed(asVmftError(thrown));
    });
  }

  private async firstPass(): Promise<void> {
    let leftBytes = this.disks.reduce((sum, { capacityBytes }) => sum + capacityBytes, 0n);
    for (const { index, disk, capacityBytes } of this.disks) {
      let at = 0n;
      while (at < capacityBytes && !this.stopped) {
        const data = await disk.nextData(at);
        const next = least(data?.offset ?? capacityBytes, capacityBytes);
        leftBytes -= next - at;
        at = next;
        const end = least(at + (data?.bytes ?? 0n), capacityBytes);
        while (at < end && !this.stopped) {
          const length = Math.min(limits.diskChunkBytesMax, Number(end - at));
          const bytes = await disk.readRange(at, length);
          // The backup's disk is zero already.
          if (!isZero(bytes)) await this.sendData(index, at, bytes);
          at += BigInt(length);
          leftBytes -= BigInt(length);
          this.events.progress(this.sentBytes, leftBytes);
        }
      }
    }
  }

  private async rounds(): Promise<void> {
    let before: bigint | null = null;
    for (let round = 0; round < roundsMax && !this.stopped; round += 1) {
      await this.until(() => this.writtenChunks === this.sentChunks);
      this.takeChanges();
      const left = this.pendingBytes();
      this.events.progress(this.sentBytes, left);
      const shrinks = before === null || left * 5n < before * 4n;
      if (left <= settledBytes || !shrinks) return;
      before = left;
      await this.sendPending();
    }
  }

  private takeChanges(): void {
    if (this.stopped) return;
    for (const { index, capacityBytes } of this.disks) {
      const ranges = [...(this.pending.get(index) ?? []), ...this.machine.takeDiskChanges(index)];
      this.pending.set(index, within(coalesce(ranges), capacityBytes));
    }
  }

  private pendingBytes(): bigint {
    return [...this.pending.values()].reduce((sum, ranges) => sum + totalBytes(ranges), 0n);
  }

  private async sendPending(): Promise<void> {
    let left = this.pendingBytes();
    for (const { index, disk } of this.disks) {
      const ranges = this.pending.get(index) ?? [];
      this.pending.delete(index);
      for (const { offset, bytes } of ranges) {
        for (let at = offset; at < offset + bytes && !this.stopped;) {
          const length = Math.min(limits.diskChunkBytesMax, Number(offset + bytes - at));
          const data = await disk.readRange(at, length);
          if (isZero(data)) await this.send(index, at, noData, length);
          else await this.sendData(index, at, data);
          at += BigInt(length);
          left -= BigInt(length);
          this.events.progress(this.sentBytes, left);
        }
      }
    }
  }

  private async sendData(disk: number, offset: bigint, data: Buffer): Promise<void> {
    this.sentBytes += BigInt(data.length);
    await this.send(disk, offset, data, 0);
  }

  private async send(disk: number, offset: bigint, data: Buffer, zeroBytes: number): Promise<void> {
    await this.until(
      () => this.sentChunks - this.writtenChunks < BigInt(limits.diskChunksUnderWayMax),
    );
    if (this.stopped) return;
    this.sentChunks += 1n;
    if (this.link.send({ kind: 'disk-chunk', disk, offset, data, zeroBytes })) return;
    let drained = false;
    this.link.whenDrained(() => {
      drained = true;
      this.wake();
    });
    await this.until(() => drained);
  }

  /** Returns when `holds`, or when the copying was stopped. */
  private async until(holds: () => boolean): Promise<void> {
    while (!this.stopped && !holds()) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}

/** What is copied in about the time that the pause takes anyway. */
const settledBytes = 1n << 20n;
const roundsMax = 30;

const noData = Buffer.alloc(0);
const zeroes = Buffer.alloc(limits.diskChunkBytesMax);

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function isZero(data: Buffer): boolean {
  return data.equals(data.length === zeroes.length ? zeroes : zeroes.subarray(0, data.length));
}
