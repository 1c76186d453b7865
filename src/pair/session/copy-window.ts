import type { Clock } from '../../base/clock.js';
import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import type { DiskChunk, FlushDisks, MemoryChunk, State } from '../channel/messages.js';
import type { PeerLink } from './ports.js';

/**
 * The way of a copy's chunks to the backup: at most `copyChunksUnderWayMax` of them are not taken in yet, and no more
 * than so many bytes go in a second, until `unlimited`. One caller at a time.
 */
export class CopyWindow {
  private stopped = false;
  private sent = 0n;
  private takenIn = 0n;
  private bytes = 0;
  private memory = 0n;
  /** The limited rate allows the next chunk from here on. */
  private allowedMs: number;
  private wake: () => void = () => undefined;

  /** `bytesPerSecondMax` may be Infinity. */
  constructor(
    private readonly link: PeerLink,
    private readonly clock: Clock,
    private bytesPerSecondMax: number,
  ) {
    this.allowedMs = clock.nowMs();
  }

  get sentBytes(): number {
    return this.bytes;
  }

  /** Resolves when the chunk is on its way and the link takes more, or when the copy was stopped. */
  async send(chunk: DiskChunk | MemoryChunk | FlushDisks): Promise<void> {
    await this.allowed();
    await this.until(() => this.sent - this.takenIn < BigInt(limits.copyChunksUnderWayMax));
    if (this.stopped) return;
    const size = wireBytes(chunk);
    this.sent += 1n;
    this.bytes += size;
    if (chunk.kind === 'memory-chunk') this.memory += 1n;
    this.allowedMs = Math.max(this.allowedMs, this.clock.nowMs()) + this.costMs(size);
    await this.put(chunk);
  }

  /** What comes behind all chunks. It is acknowledged by StateReady. */
  async sendState(generation: bigint, state: Buffer): Promise<void> {
    const { memory: memoryChunks } = this;
    const pieceBytes = limits.machineStatePieceBytesMax;
    for (let at = 0; at < state.length && !this.stopped; at += pieceBytes) {
      const piece = state.subarray(at, at + pieceBytes);
      const more = at + pieceBytes < state.length;
      this.bytes += piece.length;
      await this.put({ kind: 'state', generation, memoryChunks, state: piece, more });
    }
  }

  private async put(message: DiskChunk | MemoryChunk | FlushDisks | State): Promise<void> {
    if (this.link.send(message)) return;
    let drained = false;
    this.link.whenDrained(() => {
      drained = true;
      this.wake();
    });
    await this.until(() => drained);
  }

  /** The backup says that it has taken in so many chunks; what is wrong with that, or null. */
  taken(chunks: bigint): VmftError | null {
    if (chunks < this.takenIn || chunks > this.sent) {
      const message = `the backup says it took ${chunks} pieces of the machine in, of ${this.sent}`;
      return new VmftError('ack-beyond-sent', message);
    }
    this.takenIn = chunks;
    this.wake();
    return null;
  }

  /** Resolves when everything is taken in, or when the copy was stopped. */
  async emptied(): Promise<void> {
    await this.until(() => this.takenIn === this.sent);
  }

  /** The guest waits for what comes now. */
  unlimited(): void {
    this.bytesPerSecondMax = Infinity;
  }

  stop(): void {
    this.stopped = true;
    this.wake();
  }

  private costMs(bytes: number): number {
    return (bytes / this.bytesPerSecondMax) * 1000;
  }

  private async allowed(): Promise<void> {
    const waitMs = this.allowedMs - this.clock.nowMs();
    if (waitMs < 1 || this.bytesPerSecondMax === Infinity) return;
    let over = false;
    const cancel = this.clock.after(waitMs, () => {
      over = true;
      this.wake();
    });
    await this.until(() => over);
    cancel();
  }

  private async until(holds: () => boolean): Promise<void> {
    while (!this.stopped && !holds()) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}

function wireBytes(chunk: DiskChunk | MemoryChunk | FlushDisks): number {
  switch (chunk.kind) {
    case 'disk-chunk':
      return chunk.data.length + headerBytes;
    case 'memory-chunk':
      return chunk.pages.length + headerBytes;
    case 'flush-disks':
      return headerBytes;
  }
}

/** About what the message adds to the data. */
const headerBytes = 16;
