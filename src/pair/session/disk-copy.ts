import { limits } from '../../base/limits.js';
import type { DiskRange, Machine } from '../../flow/machine/machine.js';
import { coalesce, totalBytes, within } from './disk-ranges.js';
import type { CopiedDisk } from './ports.js';

/** A private disk of the machine, by its index in GuestConfig.disks. */
export interface PrivateDisk {
  readonly index: number;
  readonly disk: CopiedDisk;
  /** The guest's; this host's disk may be larger. */
  readonly capacityBytes: bigint;
}

/** Either `data`, or so many zeroes. */
export type SendDisk = (
  disk: number,
  offset: bigint,
  data: Buffer,
  zeroBytes: number,
) => Promise<void>;

/**
 * What of a running machine's private disks is left to copy to a backup whose disks are all zero: first everything that
 * is not zero, then what the guest changed meanwhile.
 *
 * A range may be read while a write to it is under way, and be torn: that write is in the changes of a later round, or is
 * pending in the state that follows, and the backup issues it again by itself.
 */
export class DiskCopy {
  private stopped = false;
  private left: bigint;
  /** Taken from the machine, and not sent yet. */
  private readonly pending = new Map<number, readonly DiskRange[]>();

  constructor(
    private readonly machine: Machine,
    private readonly disks: readonly PrivateDisk[],
    private readonly send: SendDisk,
  ) {
    this.left = disks.reduce((sum, { capacityBytes }) => sum + capacityBytes, 0n);
  }

  get any(): boolean {
    return this.disks.length > 0;
  }

  get leftBytes(): number {
    return Number(this.left);
  }

  /** Changes are kept from here on. */
  begin(): void {
    for (const { index } of this.disks) this.machine.trackDiskChanges(index, true);
  }

  /** Idempotent. Throws `wrong-mode` when the machine has ended. */
  end(): void {
    if (this.stopped) return;
    this.stopped = true;
    for (const { index } of this.disks) this.machine.trackDiskChanges(index, false);
  }

  async firstPass(): Promise<void> {
    for (const { index, disk, capacityBytes } of this.disks) {
      let at = 0n;
      while (at < capacityBytes && !this.stopped) {
        const data = await disk.nextData(at);
        const next = least(data?.offset ?? capacityBytes, capacityBytes);
        this.left -= next - at;
        at = next;
        const end = least(at + (data?.bytes ?? 0n), capacityBytes);
        while (at < end && !this.stopped) {
          const length = Math.min(limits.diskChunkBytesMax, Number(end - at));
          const bytes = await disk.readRange(at, length);
          this.left -= BigInt(length);
          // The backup's disk is zero already.
          if (!isZero(bytes)) await this.send(index, at, bytes, 0);
          at += BigInt(length);
        }
      }
    }
  }

  /** What changed since the last call is left to copy too. */
  takeChanges(): void {
    if (this.stopped) return;
    this.left = 0n;
    for (const { index, capacityBytes } of this.disks) {
      const ranges = [...(this.pending.get(index) ?? []), ...this.machine.takeDiskChanges(index)];
      const merged = within(coalesce(ranges), capacityBytes);
      this.pending.set(index, merged);
      this.left += totalBytes(merged);
    }
  }

  async sendPending(): Promise<void> {
    for (const { index, disk } of this.disks) {
      const ranges = this.pending.get(index) ?? [];
      this.pending.delete(index);
      for (const { offset, bytes } of ranges) {
        for (let at = offset; at < offset + bytes && !this.stopped;) {
          const length = Math.min(limits.diskChunkBytesMax, Number(offset + bytes - at));
          const data = await disk.readRange(at, length);
          this.left -= BigInt(length);
          if (isZero(data)) await this.send(index, at, noData, length);
          else await this.send(index, at, data, 0);
          at += BigInt(length);
        }
      }
    }
  }
}

const noData = Buffer.alloc(0);
const zeroes = Buffer.alloc(limits.diskChunkBytesMax);

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function isZero(data: Buffer): boolean {
  return data.equals(data.length === zeroes.length ? zeroes : zeroes.subarray(0, data.length));
}
