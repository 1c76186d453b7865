import { limits } from '../../base/limits.js';
import type { Machine } from '../../flow/machine/machine.js';
import type { PeerLink } from './ports.js';

/**
 * Sends a paused machine's state: StateBegin, chunks as fast as the link takes them, the end. Between two
 * chunks that the link did not take at once the event loop runs, so heartbeats go on.
 */
export class StateSender {
  private stopped = false;
  private offset = 0;
  private bytes = 0;
  private checksum = 0n;

  constructor(
    private readonly machine: Machine,
    private readonly link: PeerLink,
    private readonly progress: (complete: boolean) => void,
  ) {}

  start(generation: bigint): void {
    const { bytes, checksum } = this.machine.snapshotBegin();
    this.bytes = bytes;
    this.checksum = checksum;
    this.link.send({ kind: 'state-begin', generation, bytes: BigInt(bytes) });
    this.pump();
  }

  /** Idempotent; the machine's snapshot is dropped. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.machine.snapshotEnd();
  }

  private pump(): void {
    if (this.stopped) return;
    while (this.offset < this.bytes) {
      const length = Math.min(limits.stateChunkBytesMax, this.bytes - this.offset);
      const data = this.machine.snapshotRead(this.offset, length);
      const took = this.link.send({ kind: 'state-chunk', offset: BigInt(this.offset), data });
      this.offset += data.length;
      if (!took) {
        this.progress(false);
        this.link.whenDrained(() => {
          this.pump();
        });
        return;
      }
    }
    this.stop();
    this.link.send({ kind: 'state-end', bytes: BigInt(this.bytes), checksum: this.checksum });
    this.progress(true);
  }
}
