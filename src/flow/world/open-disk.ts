import { asVmftError, VmftError } from '../../base/errors.js';
import { addon, type NativeDisk } from '../machine/native-addon.js';
import type { Disk, OpenDisk } from './disk.js';

/** Opens a disk of this host by the addon; see {@link OpenDisk} for URLs and errors. */
export const openDisk: OpenDisk = async (url, options) =>
  new AddonDisk(await settled(addon().openDisk(url, options)));

/** What `Machine.attachDisk` hands to the addon. Throws `bad-argument` for a disk that is not of {@link openDisk}. */
export function nativeDiskOf(disk: Disk): NativeDisk {
  if (disk instanceof AddonDisk) return disk.native;
  throw new VmftError('bad-argument', `${disk.url} was not opened by the addon`);
}

class AddonDisk implements Disk {
  readonly native: NativeDisk;
  readonly url: string;
  readonly kind: 'file' | 'block' | 'iscsi';
  readonly capacityBytes: bigint;
  readonly blockBytes: 512 | 4096;
  readonly readOnly: boolean;
  readonly supportsCompareAndWrite: boolean;

  constructor(native: NativeDisk) {
    this.native = native;
    const geometry = native.geometry();
    this.url = geometry.url;
    this.kind = geometry.kind;
    this.capacityBytes = geometry.capacityBytes;
    this.blockBytes = geometry.blockBytes;
    this.readOnly = geometry.readOnly;
    this.supportsCompareAndWrite = geometry.supportsCompareAndWrite;
  }

  trouble(): string {
    return this.native.trouble();
  }

  async readReserved(index: number): Promise<Buffer> {
    return settled(this.native.readReserved(index));
  }

  async compareAndWrite(index: number, expected: Buffer, desired: Buffer): Promise<boolean> {
    return settled(this.native.compareAndWrite(index, expected, desired));
  }

  async readRange(offset: bigint, bytes: number): Promise<Buffer> {
    return settled(this.native.readRange(offset, bytes));
  }

  async writeRange(offset: bigint, data: Buffer): Promise<void> {
    return settled(this.native.writeRange(offset, data));
  }

  async clear(): Promise<void> {
    return settled(this.native.clear());
  }

  async flush(): Promise<void> {
    return settled(this.native.flush());
  }

  async nextData(
    offset: bigint,
  ): Promise<{ readonly offset: bigint; readonly bytes: bigint } | null> {
    return settled(this.native.nextData(offset));
  }

  close(): void {
    this.native.close();
  }
}

/** The addon's promise, its errors in the vocabulary. */
async function settled<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (thrown) {
    throw asVmftError(thrown);
  }
}
