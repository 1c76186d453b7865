/**
 * A disk of this host, opened: a raw file, a block device or an iSCSI LUN. The machine's disk requests
 * go to it natively (`Machine.attachDisk`); here is what the product does with it besides.
 *
 * Methods reject with a VmftError: `disk-unavailable` when storage does not answer, or refuses.
 */
export interface Disk {
  /** As named by the user, without a password. */
  readonly url: string;
  readonly kind: 'file' | 'block' | 'iscsi';
  /** What the guest sees: without the reserved area. A multiple of `blockBytes`. */
  readonly capacityBytes: bigint;
  readonly blockBytes: 512 | 4096;
  readonly readOnly: boolean;
  /** Whether {@link compareAndWrite} works: false for a LUN of a target without it, found out without writing. */
  readonly supportsCompareAndWrite: boolean;

  /** What keeps requests from ending, in one line; empty when nothing does. */
  trouble(): string;

  /** Block `index` of the reserved area; `blockBytes` long. */
  readReserved(index: number): Promise<Buffer>;
  /**
   * Writes `desired` to block `index` of the reserved area if it holds `expected`, as one atomic step among
   * all hosts (SCSI COMPARE AND WRITE; under a lock on files, which local block devices share with one host
   * only). False: it held something else. Durable when it resolves. Both are `blockBytes` long. Rejected with
   * `disk-unavailable`, it may have been written or not, and may still be: read, and repeat.
   */
  compareAndWrite(index: number, expected: Buffer, desired: Buffer): Promise<boolean>;

  // Copying. Offsets and sizes are whole blocks; at most 1 MiB at once.
  readRange(offset: bigint, bytes: number): Promise<Buffer>;
  writeRange(offset: bigint, data: Buffer): Promise<void>;
  /** Makes everything zero, cheaply where the storage can. */
  clear(): Promise<void>;
  flush(): Promise<void>;
  /** The next range from `offset` on that may hold data; null when all the rest is zero. */
  nextData(offset: bigint): Promise<{ readonly offset: bigint; readonly bytes: bigint } | null>;

  /** Gives it back; a machine it is attached to keeps it for itself. Idempotent. */
  close(): void;
}

/**
 *   claim   refuse a disk that another process of this host writes (`disk-in-use`), and hold it: what a
 *           primary does. Without it the disk is claimed when the machine goes live.
 */
export interface OpenDiskOptions {
  readonly readOnly: boolean;
  readonly claim: boolean;
  /** Private disks may use the host's cache; shared ones never do. */
  readonly holding: 'shared' | 'private';
  /** Names this process to the storage (persistent reservations): the replica's id. */
  readonly holder: string;
  /** For iSCSI: give up opening after this long. */
  readonly timeoutMs: number;
}

/**
 * `path`, `file:path`, `/dev/…`, `iscsi://[user[%password]@]host[:port]/target/lun`.
 * Rejects with `usage` (not a URL of a disk), `disk-unusable` (missing, of odd size, too small, read-only, no
 * permission, no persistent reservations, wrong target or LUN, CHAP refused), `disk-in-use`, `disk-unavailable` (no answer).
 */
export type OpenDisk = (url: string, options: OpenDiskOptions) => Promise<Disk>;
