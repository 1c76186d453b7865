import { open, type FileHandle } from 'node:fs/promises';

import { VmftError } from '../../base/errors.js';
import { delimited, encodeHeader, encodeTrailer, type LogHeader } from '../log/log-format.js';

/**
 * Writes a log file: appended frames are written in order, many at a time, without blocking. A failed
 * write (a full disk) is reported once through `onError`; nothing is written after it, so the file stays a
 * whole prefix without a Trailer, which a reader reports as cut.
 */
export class LogFileWriter {
  private readonly queue: Buffer[] = [];
  private queuedThrough = -1n;
  private segments = 0n;
  private writing: Promise<void> | null = null;
  private failed: VmftError | null = null;

  private constructor(
    private readonly file: FileHandle,
    private readonly path: string,
    private readonly onWritten: (sequence: bigint) => void,
    private readonly onError: (error: VmftError) => void,
  ) {}

  /**
   * Makes (or empties) the file, readable by its owner alone (it holds the guest's secrets), and writes its header. `onWritten` tells up to which sequence number the
   * operating system has taken the log. Throws `log-write-failed`.
   */
  static async create(
    path: string,
    header: Omit<LogHeader, 'version'>,
    onWritten: (sequence: bigint) => void,
    onError: (error: VmftError) => void,
  ): Promise<LogFileWriter> {
    try {
      const file = await open(path, 'w', 0o600);
      await file.writeFile(delimited(encodeHeader(header)));
      return new LogFileWriter(file, path, onWritten, onError);
    } catch (error) {
      throw writeFailed(path, error);
    }
  }

  append(sequence: bigint, frame: Buffer): void {
    if (this.failed !== null) return;
    this.queue.push(delimited(frame));
    this.queuedThrough = sequence;
    this.segments += 1n;
    this.writing ??= this.flush();
  }

  /** Writes the rest and the Trailer, syncs and closes. Throws `log-write-failed`. */
  async close(endReason: string): Promise<void> {
    await this.writing;
    try {
      if (this.failed === null) {
        await this.file.writeFile(delimited(encodeTrailer({ segments: this.segments, endReason })));
        await this.file.sync();
      }
    } catch (error) {
      this.failed = writeFailed(this.path, error);
    } finally {
      await this.file.close().catch(() => undefined);
    }
    if (this.failed !== null) throw this.failed;
  }

  private async flush(): Promise<void> {
    try {
      while (this.queue.length > 0) {
        const batch = Buffer.concat(this.queue.splice(0, this.queue.length));
        const through = this.queuedThrough;
        await this.file.writeFile(batch);
        this.onWritten(through);
      }
    } catch (error) {
      this.failed = writeFailed(this.path, error);
      this.onError(this.failed);
    } finally {
      this.writing = null;
    }
  }
}

function writeFailed(path: string, error: unknown): VmftError {
  const { code } = error as { code?: unknown };
  const why = typeof code === 'string' ? (reasons[code] ?? code) : String(error);
  return new VmftError(
    'log-write-failed',
    `cannot write the log ${path}: ${why}`,
    'make room, or name another file',
    error,
  );
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EACCES: 'permission denied',
  ENOENT: 'no such directory',
  EISDIR: 'it is a directory',
  EROFS: 'the file system is read-only',
  EFBIG: 'the file is too large',
};
