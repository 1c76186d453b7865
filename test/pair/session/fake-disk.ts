import { VmftError } from '../../../src/base/errors.js';
import type { CopiedDisk } from '../../../src/pair/session/ports.js';

/** A disk for copying, in memory. Everything takes a turn of the event loop, as storage would. */
export class FakeDisk implements CopiedDisk {
  readonly blockBytes = 512;
  readonly capacityBytes: bigint;
  readonly bytes: Buffer;
  cleared = 0;
  flushes = 0;
  written = 0;
  /** The next write fails with this. */
  fault: VmftError | null = null;
  /** While it is true, writes do not end. */
  stuck = false;
  /** Called before each read. */
  beforeRead: () => void = () => undefined;

  constructor(capacityBytes: number, fill = 0) {
    this.capacityBytes = BigInt(capacityBytes);
    this.bytes = Buffer.alloc(capacityBytes, fill);
  }

  async readRange(offset: bigint, bytes: number): Promise<Buffer> {
    await turn();
    this.beforeRead();
    return Buffer.from(this.bytes.subarray(Number(offset), Number(offset) + bytes));
  }

  async writeRange(offset: bigint, data: Buffer): Promise<void> {
    do await turn();
    while (this.stuck);
    if (this.fault !== null) throw this.fault;
    data.copy(this.bytes, Number(offset));
    this.written += data.length;
  }

  async clear(): Promise<void> {
    await turn();
    this.bytes.fill(0);
    this.cleared += 1;
  }

  async flush(): Promise<void> {
    await turn();
    this.flushes += 1;
  }

  /** Whole MiBs that are not zero, as a file system would tell them. */
  async nextData(offset: bigint): Promise<{ offset: bigint; bytes: bigint } | null> {
    await turn();
    for (let at = Number(offset); at < this.bytes.length;) {
      const end = Math.min((Math.floor(at / extentBytes) + 1) * extentBytes, this.bytes.length);
      if (this.bytes.subarray(at, end).some((byte) => byte !== 0)) {
        return { offset: BigInt(at), bytes: BigInt(end - at) };
      }
      at = end;
    }
    return null;
  }
}

const extentBytes = 1 << 20;

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
