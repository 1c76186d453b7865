import { asVmftError, VmftError } from '../../base/errors.js';
import type { DiskChunk } from '../channel/messages.js';
import type { PrivateDisk } from './disk-copy-sender.js';

export interface DiskIntakeEvents {
  written(chunks: bigint, bytes: bigint): void;
  failed(error: VmftError): void;
}

/** A joining backup's private disks: made zero, then written one chunk after the other as they come. */
export class DiskCopyIntake {
  private work: Promise<void> = Promise.resolve();
  private chunks = 0n;
  private bytes = 0n;
  private unflushedChunks = 0;
  private stopped = false;

  constructor(
    private readonly disks: readonly PrivateDisk[],
    private readonly events: DiskIntakeEvents,
  ) {}

  clear(): void {
    for (const { disk } of this.disks) this.then(() => disk.clear());
  }

  write({ disk: index, offset, data, zeroBytes }: DiskChunk): void {
    const found = this.disks.find((each) => each.index === index);
    const length = BigInt(zeroBytes + data.length);
    const block = BigInt(found?.disk.blockBytes ?? 1);
    if (found === undefined || offset % block !== 0n || length % block !== 0n) {
      this.events.failed(misplaced(index, offset, length));
      return;
    }
    const { disk } = found;
    if (offset + length > found.capacityBytes) {
      this.events.failed(misplaced(index, offset, length));
      return;
    }
    this.then(async () => {
      if (zeroBytes > 0) await this.writeZeroes(found, offset, zeroBytes);
      else await disk.writeRange(offset, data);
      await this.flushAtTimes();
      this.chunks += 1n;
      this.bytes += BigInt(data.length);
      if (!this.stopped) this.events.written(this.chunks, this.bytes);
    });
  }

  flush(done: () => void): void {
    if (this.disks.length === 0) {
      done();
      return;
    }
    for (const { disk } of this.disks) this.then(() => disk.flush());
    this.then(() => {
      if (!this.stopped) done();
      return Promise.resolve();
    });
  }

  /** What is begun is done; nothing is told any more. */
  stop(): void {
    this.stopped = true;
  }

  private then(run: () => Promise<void>): void {
    this.work = this.work.then(async () => {
      if (this.stopped) return;
      try {
        await run();
      } catch (thrown) {
        if (!this.stopped) this.events.failed(asVmftError(thrown));
        this.stopped = true;
      }
    });
  }

  private async writeZeroes({ disk }: PrivateDisk, offset: bigint, bytes: number): Promise<void> {
    for (let at = 0; at < bytes; at += zeroes.length) {
      const length = Math.min(zeroes.length, bytes - at);
      await disk.writeRange(offset + BigInt(at), zeroes.subarray(0, length));
    }
  }

  /** So that the last flush, for which the guest waits, finds little to do. */
  private async flushAtTimes(): Promise<void> {
    this.unflushedChunks += 1;
    if (this.unflushedChunks < flushEveryChunks) return;
    this.unflushedChunks = 0;
    for (const { disk } of this.disks) await disk.flush();
  }
}

const flushEveryChunks = 256;
const zeroes = Buffer.alloc(1 << 20);

function misplaced(disk: number, offset: bigint, bytes: bigint): VmftError {
  const what = `a piece of disk ${disk} at ${offset}, ${bytes} bytes long`;
  return new VmftError('message-malformed', `the primary sent ${what}: that is not in a copy`);
}
