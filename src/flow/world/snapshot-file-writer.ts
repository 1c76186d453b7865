import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { VmftError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { hash64 } from '../machine/native-machine.js';
import type { SnapshotSink } from '../snapshot/take-snapshot.js';
import {
  encodeBeginning,
  encodeHeader,
  encodePart,
  encodeTrailer,
  PartChain,
  type PartKind,
  type SnapshotHeader,
  type SnapshotMachine,
} from '../snapshot/snapshot-format.js';

/**
 * Writes a snapshot file, readable by its owner alone (it holds the guest's secrets), under a name beside its own, which it
 * takes when it is whole and on the disk: whoever finds a file of that name finds a whole one. Every
 * method rejects with `snapshot-write-failed`, and then {@link abandon} is all that is left to do.
 */
export class SnapshotFileWriter implements SnapshotSink {
  private readonly chain = new PartChain(hash64);
  private bytes = 0;

  private constructor(
    private readonly path: string,
    private readonly unfinished: string,
    private readonly file: FileHandle,
  ) {}

  static async create(
    path: string,
    header: SnapshotHeader,
    random: Random,
  ): Promise<SnapshotFileWriter> {
    const place = resolve(path);
    const unfinished = `${place}.${random.uniqueName().slice(0, 8)}.part`;
    let file: FileHandle;
    try {
      file = await open(unfinished, 'wx', 0o600);
    } catch (error) {
      throw writeFailed(path, error);
    }
    const writer = new SnapshotFileWriter(place, unfinished, file);
    try {
      await writer.write(encodeBeginning());
      await writer.part('header', encodeHeader(header));
      return writer;
    } catch (error) {
      await writer.abandon();
      throw error;
    }
  }

  get writtenBytes(): number {
    return this.bytes;
  }

  pages(pages: Buffer): Promise<void> {
    return this.part('pages', pages);
  }

  state(state: Buffer): Promise<void> {
    return this.part('state', state);
  }

  /** The file is whole, durable and in its place, instead of one that was there. */
  async finish(machine: SnapshotMachine): Promise<void> {
    const { parts, checksum } = this.chain;
    await this.part('trailer', encodeTrailer({ ...machine, parts, checksum }));
    try {
      await this.file.sync();
      await this.file.close();
      await rename(this.unfinished, this.path);
      const folder = await open(dirname(this.path), 'r');
      await folder.sync().finally(() => folder.close());
    } catch (error) {
      throw writeFailed(this.path, error);
    }
  }

  /** Nothing is left of it. Never rejects. */
  async abandon(): Promise<void> {
    await this.file.close().catch(() => undefined);
    await rm(this.unfinished, { force: true }).catch(() => undefined);
  }

  private async part(kind: PartKind, body: Buffer): Promise<void> {
    const part = encodePart(kind, body, hash64);
    this.chain.add(part.checksum);
    await this.write(part.head);
    await this.write(part.body);
  }

  private async write(bytes: Buffer): Promise<void> {
    try {
      await this.file.writeFile(bytes);
      this.bytes += bytes.length;
    } catch (error) {
      throw writeFailed(this.path, error);
    }
  }
}

function writeFailed(path: string, error: unknown): VmftError {
  const { code } = error as { code?: unknown };
  const why = typeof code === 'string' ? (reasons[code] ?? code) : String(error);
  return new VmftError(
    'snapshot-write-failed',
    `cannot write the snapshot ${path}: ${why}`,
    'make room, or name another file',
    error,
  );
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EACCES: 'permission denied',
  ENOENT: 'no such directory',
  ENOTDIR: 'no such directory',
  EISDIR: 'it is a directory',
  EROFS: 'the file system is read-only',
  EFBIG: 'the file is too large',
};
