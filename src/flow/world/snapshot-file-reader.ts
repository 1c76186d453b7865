import { open, type FileHandle } from 'node:fs/promises';

import { VmftError } from '../../base/errors.js';
import { hash64 } from '../machine/native-machine.js';
import {
  beginningBytes,
  checkPart,
  cut,
  damaged,
  decodeBeginning,
  decodeHeader,
  decodePartHead,
  decodeTrailer,
  notASnapshot,
  PartChain,
  partHeadBytes,
  type PartKind,
  type SnapshotHeader,
  type SnapshotTrailer,
} from '../snapshot/snapshot-format.js';

/** A part of the machine's image. */
export interface ImagePart {
  readonly kind: 'pages' | 'state';
  readonly body: Buffer;
}

/**
 * Reads a snapshot file from its beginning to its end. Every part is checked before it is handed on; what is in it
 * the machine looks at. Faults: `snapshot-unreadable`, `image-version`, `image-corrupt`.
 */
export class SnapshotFileReader {
  private readonly chain = new PartChain(hash64);
  private readBytes = 0;
  private found: SnapshotTrailer | null = null;

  private constructor(
    private readonly file: FileHandle,
    private readonly path: string,
    readonly bytes: number,
  ) {}

  static async open(path: string): Promise<{ reader: SnapshotFileReader; header: SnapshotHeader }> {
    let file: FileHandle;
    try {
      file = await open(path, 'r');
    } catch (error) {
      throw unreadable(path, error);
    }
    try {
      const info = await file.stat();
      if (!info.isFile()) throw notASnapshot(path);
      const reader = new SnapshotFileReader(file, path, info.size);
      return { reader, header: await reader.header() };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Of the file, for a progress bar. */
  get position(): number {
    return this.readBytes;
  }

  /** Set once {@link parts} has come to the end. */
  get trailer(): SnapshotTrailer | null {
    return this.found;
  }

  /** Pages, then one state, and then the file has ended as it should. */
  async *parts(): AsyncGenerator<ImagePart, void, undefined> {
    let state = false;
    for (;;) {
      const { kind, body, checksum } = await this.part();
      const { parts, checksum: chained } = this.chain;
      if (kind === 'header' || (kind === 'trailer') !== state) {
        throw damaged(this.path, `a part at the wrong place: ${kind}`);
      }
      if (kind === 'trailer') {
        const trailer = decodeTrailer(body, this.path);
        if (trailer.parts !== parts || trailer.checksum !== chained) {
          throw damaged(this.path, 'its parts are not those that its end speaks of');
        }
        if ((await this.read(1)).length > 0) throw damaged(this.path, 'bytes after its end');
        this.found = trailer;
        return;
      }
      this.chain.add(checksum);
      state = kind === 'state';
      yield { kind, body };
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private async header(): Promise<SnapshotHeader> {
    decodeBeginning(await this.read(beginningBytes), this.path);
    const { kind, body, checksum } = await this.part();
    if (kind !== 'header') throw damaged(this.path, 'it does not begin with a header');
    this.chain.add(checksum);
    return decodeHeader(body, this.path);
  }

  private async part(): Promise<{ kind: PartKind; body: Buffer; checksum: bigint }> {
    const head = await this.whole(partHeadBytes);
    const { kind, bytes, checksum } = decodePartHead(head, this.path);
    // A length that was altered asks for no memory.
    if (bytes > this.bytes - this.readBytes) throw cut(this.path);
    const body = await this.whole(bytes);
    checkPart(head, body, hash64, this.path);
    return { kind, body, checksum };
  }

  private async whole(bytes: number): Promise<Buffer> {
    const read = await this.read(bytes);
    if (read.length < bytes) throw cut(this.path);
    return read;
  }

  /** Fewer at the file's end. */
  private async read(bytes: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(bytes);
    let filled = 0;
    try {
      while (filled < bytes) {
        const { bytesRead } = await this.file.read(buffer, filled, bytes - filled, null);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
    } catch (error) {
      throw unreadable(this.path, error);
    }
    this.readBytes += filled;
    return buffer.subarray(0, filled);
  }
}

/** Looks through a whole file, so that a bad one is refused before anything else happens. Throws as {@link SnapshotFileReader}. */
export async function inspectSnapshot(
  path: string,
): Promise<{ readonly header: SnapshotHeader; readonly trailer: SnapshotTrailer }> {
  const { reader, header } = await SnapshotFileReader.open(path);
  try {
    for await (const part of reader.parts()) void part;
    const { trailer } = reader;
    if (trailer === null) throw cut(path);
    return { header, trailer };
  } finally {
    await reader.close();
  }
}

function unreadable(path: string, error: unknown): VmftError {
  const { code } = error as { code?: unknown };
  const why = code === 'ENOENT' ? 'no such file' : typeof code === 'string' ? code : String(error);
  return new VmftError(
    'snapshot-unreadable',
    `cannot read ${path}: ${why}`,
    'name a snapshot that this user may read',
    error,
  );
}
