import { open, type FileHandle } from 'node:fs/promises';

import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import {
  corrupt,
  decodeHeader,
  decodeItem,
  headerBytesMax,
  nextDelimited,
  notALog,
  truncated,
  type LogHeader,
  type LogTrailer,
} from '../log/log-format.js';

/**
 * Reads a log file from its beginning to its Trailer. Frames are checked for their bounds here and for
 * their content by the machine that is fed with them. Every fault is a {@link VmftError} that names it:
 * `log-unreadable`, `log-not-a-log`, `log-version`, `log-truncated`, `log-corrupt`.
 */
export class LogFileReader {
  private buffer: Buffer = Buffer.alloc(0);
  private consumed = 0;
  private found: LogTrailer | null = null;

  private constructor(
    private readonly file: FileHandle,
    private readonly path: string,
    readonly bytes: number,
  ) {}

  static async open(path: string): Promise<{ reader: LogFileReader; header: LogHeader }> {
    let file: FileHandle;
    try {
      file = await open(path, 'r');
    } catch (error) {
      throw unreadable(path, error);
    }
    try {
      const info = await file.stat();
      if (!info.isFile()) throw notALog(path);
      const reader = new LogFileReader(file, path, info.size);
      return { reader, header: await reader.header() };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Bytes of the file used up so far, for a progress bar. */
  get position(): number {
    return this.consumed;
  }

  /** Set once {@link frames} has come to the end. */
  get trailer(): LogTrailer | null {
    return this.found;
  }

  /** Every frame, in order. Ends after the Trailer; throws when the file has none or goes on after it. */
  async *frames(): AsyncGenerator<Buffer, void, undefined> {
    let count = 0n;
    for (;;) {
      const bytes = await this.next(limits.logFrameBytesMax);
      if (bytes === null) throw truncated(this.path);
      const item = decodeItem(bytes, this.path);
      if (item.kind === 'trailer') {
        if (item.trailer.segments !== count) {
          throw corrupt(this.path, `${count} segments where its end says ${item.trailer.segments}`);
        }
        if (this.buffer.length > 0 || (await this.fill()))
          throw corrupt(this.path, 'bytes after its end');
        this.found = item.trailer;
        return;
      }
      count += 1n;
      yield item.frame;
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private async header(): Promise<LogHeader> {
    let bytes: Buffer | null;
    try {
      bytes = await this.next(headerBytesMax);
    } catch (error) {
      if (error instanceof VmftError && error.code === 'log-corrupt') throw notALog(this.path);
      throw error;
    }
    // Too short for its own header: a log whose beginning is right was cut, anything else is no log.
    if (bytes === null) {
      const beginsRight = this.buffer.subarray(0, 24).includes('vmftlog1');
      throw beginsRight ? truncated(this.path) : notALog(this.path);
    }
    return decodeHeader(bytes, this.path);
  }

  private async next(bytesMax: number): Promise<Buffer | null> {
    for (;;) {
      const bounds = nextDelimited(this.buffer, bytesMax, this.path);
      if (bounds !== null) {
        const message = this.buffer.subarray(bounds.start, bounds.end);
        this.buffer = this.buffer.subarray(bounds.end);
        this.consumed += bounds.end;
        return message;
      }
      if (!(await this.fill())) return null;
    }
  }

  private async fill(): Promise<boolean> {
    const chunk = Buffer.allocUnsafe(limits.logFileBufferBytes);
    try {
      const { bytesRead } = await this.file.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) return false;
      this.buffer = Buffer.concat([this.buffer, chunk.subarray(0, bytesRead)]);
      return true;
    } catch (error) {
      throw unreadable(this.path, error);
    }
  }
}

function unreadable(path: string, error: unknown): VmftError {
  const { code } = error as { code?: unknown };
  const why = code === 'ENOENT' ? 'no such file' : typeof code === 'string' ? code : String(error);
  return new VmftError(
    'log-unreadable',
    `cannot read ${path}: ${why}`,
    'name a log that this user may read',
    error,
  );
}
