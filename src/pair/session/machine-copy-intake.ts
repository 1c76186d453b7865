import { asVmftError, VmftError } from '../../base/errors.js';
import type { Machine } from '../../flow/machine/machine.js';
import type { DiskChunk, FlushDisks, MemoryChunk } from '../channel/messages.js';
import type { PrivateDisk } from './disk-copy.js';

export interface MachineIntakeEvents {
  /** So many chunks are taken in, of so many bytes, in all. */
  taken(chunks: bigint, bytes: number): void;
  restored(): void;
  failed(error: VmftError): void;
}

/** A joining backup's machine: its private disks are made zero, then written one chunk after the other; memory goes straight in. */
export class MachineCopyIntake {
  private work: Promise<void> = Promise.resolve();
  private chunks = 0n;
  private bytes = 0;
  private unflushedChunks = 0;
  private stopped = false;

  constructor(
    private readonly machine: Machine,
    private readonly disks: readonly PrivateDisk[],
    private readonly events: MachineIntakeEvents,
  ) {}

  clear(): void {
    for (const { disk } of this.disks) this.then(() => disk.clear());
  }

  take(chunk: DiskChunk | MemoryChunk | FlushDisks): void {
    switch (chunk.kind) {
      case 'disk-chunk':
        this.write(chunk);
        return;
      case 'memory-chunk':
        this.guarded(() => {
          this.machine.restorePages(chunk.pages);
          this.took(chunk.pages.length);
        });
        return;
      case 'flush-disks':
        this.flush(() => {
          this.took(0);
        });
    }
  }

  /** All memory is there. */
  restoreState(state: Buffer): void {
    this.guarded(() => {
      this.machine.restoreState(state);
      this.bytes += state.length;
      this.events.restored();
    });
  }

  /** Once all that came is written. */
  flush(done: () => void): void {
    if (this.disks.length === 0) {
      done();
      return;
    }
    for (const { disk } of this.disks) this.then(() => disk.flush());
    this.then(() => {
      this.unflushedChunks = 0;
      if (!this.stopped) done();
      return Promise.resolve();
    });
  }

  /** What is begun is done; nothing is told any more. */
  stop(): void {
    this.stopped = true;
  }

  private write({ disk: index, offset, data, zeroBytes }: DiskChunk): void {
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
      if (zeroBytes > 0) await writeZeroes(found, offset, zeroBytes);
      else await disk.writeRange(offset, data);
      await this.flushAtTimes();
      this.took(data.length);
    });
  }

  private took(bytes: number): void {
    this.chunks += 1n;
    this.bytes += bytes;
    if (!this.stopped) this.events.taken(this.chunks, this.bytes);
  }

  private guarded(run: () => void): void {
    if (this.stopped) return;
    try {
      run();
    } catch (thrown) {
      const error = asVmftError(thrown);
      if (error.code === 'internal') throw error;
      this.stopped = true;
      this.events.failed(error);
    }
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

  /** So that a flush for which somebody waits finds little to do. */
  private async flushAtTimes(): Promise<void> {
    this.unflushedChunks += 1;
    if (this.unflushedChunks < flushEveryChunks) return;
    this.unflushedChunks = 0;
    for (const { disk } of this.disks) await disk.flush();
  }
}

async function writeZeroes({ disk }: PrivateDisk, offset: bigint, bytes: number): Promise<void> {
  for (let at = 0; at < bytes; at += zeroes.length) {
    const length = Math.min(zeroes.length, bytes - at);
    await disk.writeRange(offset + BigInt(at), zeroes.subarray(0, length));
  }
}

const flushEveryChunks = 256;
const zeroes = Buffer.alloc(1 << 20);

function misplaced(disk: number, offset: bigint, bytes: bigint): VmftError {
  const what = `a piece of disk ${disk} at ${offset}, ${bytes} bytes long`;
  return new VmftError('message-malformed', `the primary sent ${what}: that is not in a copy`);
}
