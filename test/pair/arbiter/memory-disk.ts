/** A disk in this process's memory, of which several can be opened: what an arbiter and a reservation need of one. */
import { VmftError } from '../../../src/base/errors.js';
import type { Disk } from '../../../src/flow/world/disk.js';

/** What the storage holds, and how it behaves. */
export class MemoryStorage {
  readonly blocks = new Map<number, Buffer>();
  /** Called before each operation of any opened disk; what it throws is the operation's answer. */
  before: (operation: 'read' | 'write') => void = () => undefined;
  /** Called after a write was done; what it throws is the answer that the writer gets. */
  afterWrite: () => void = () => undefined;
  opened = 0;
  writes = 0;

  constructor(
    readonly blockBytes: 512 | 4096 = 512,
    readonly supportsCompareAndWrite = true,
  ) {}

  block(index: number): Buffer {
    return this.blocks.get(index) ?? Buffer.alloc(this.blockBytes);
  }

  open(): MemoryDisk {
    this.opened += 1;
    return new MemoryDisk(this);
  }
}

export class MemoryDisk implements Disk {
  readonly url = 'iscsi://memory/disk/1';
  readonly kind = 'iscsi';
  readonly capacityBytes = 1_048_576n;
  readonly readOnly = false;
  readonly blockBytes: 512 | 4096;
  readonly supportsCompareAndWrite: boolean;
  private closed = false;

  constructor(private readonly storage: MemoryStorage) {
    this.blockBytes = storage.blockBytes;
    this.supportsCompareAndWrite = storage.supportsCompareAndWrite;
  }

  trouble(): string {
    return '';
  }

  async readReserved(index: number): Promise<Buffer> {
    await this.delay();
    this.storage.before('read');
    return Buffer.from(this.storage.block(index));
  }

  async compareAndWrite(index: number, expected: Buffer, desired: Buffer): Promise<boolean> {
    await this.delay();
    this.storage.before('write');
    if (!this.storage.block(index).equals(expected)) return false;
    this.storage.writes += 1;
    this.storage.blocks.set(index, Buffer.from(desired));
    this.storage.afterWrite();
    await this.delay();
    return true;
  }

  readRange(): Promise<Buffer> {
    return Promise.resolve(Buffer.alloc(0));
  }

  async writeRange(): Promise<void> {
    // Copying is not tested here.
  }

  async clear(): Promise<void> {
    // Copying is not tested here.
  }

  async flush(): Promise<void> {
    // All is durable.
  }

  nextData(): Promise<null> {
    return Promise.resolve(null);
  }

  close(): void {
    this.closed = true;
    this.storage.opened -= 1;
  }

  private async delay(): Promise<void> {
    if (this.closed) throw new VmftError('disk-unavailable', 'closed');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
