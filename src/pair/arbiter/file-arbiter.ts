/**
 * Arbitration by files in a directory that both hosts see: `file:/path`.
 *
 * The problem: exactly one of two processes, on two hosts, may take a flag, and both must learn who did,
 * although either may crash at any step, the storage may be NFS, and a reply may be lost after the server
 * has done the work.
 *
 * The idea: link(2). The whole record is written to a file of a unique name and synced; then that file is
 * linked to the flag's name. A link is atomic, fails if the name exists, and shows either the whole record or
 * nothing. Its return value is *not* believed: over NFS a retransmitted request can answer EEXIST to the very
 * client that succeeded. What is believed is the file system afterwards: a link count of 2 on our own file
 * (open(2), on O_EXCL and NFS), or else the record found under the flag's name: it names the winner.
 * Then the directory is synced, so that the flag survives the storage's own crash, and only then does anyone act on it.
 *
 * An attempt whose outcome was never heard (a time-out, a crash of the server) is repeated: if it had
 * succeeded, the record found is our own and the answer is "won" again. That is why the record names the
 * process and not the host. While an operation hangs inside the kernel no second one is started: it would hang as well and
 * take another thread of libuv's pool; and its late success is just the answer.
 *
 * Rejected: O_EXCL alone (a crash between create and write leaves a flag without a winner, and old NFS clients
 * emulate it), rename (it replaces), fcntl locks (lost with the connection: a lease, not a flag).
 */
import { constants } from 'node:fs';
import { access, link, mkdir, open, readFile, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import type { Arbiter, FlagEntry, FlagOutcome, FlagRequest } from './arbiter.js';
import {
  decodeFlagRecord,
  encodeFlagRecord,
  formedByAnother,
  newFlagEntry,
} from './flag-record.js';

export class FileArbiter implements Arbiter {
  readonly url: string;
  private attempts = 0;

  /** `directory` must exist and be the same storage on both hosts. `tag` makes this process's temporary names unique. */
  constructor(
    private readonly directory: string,
    private readonly tag: string,
  ) {
    this.url = `file:${directory}`;
  }

  async testAndSet(request: FlagRequest): Promise<FlagOutcome> {
    const entry = newFlagEntry('taken', request);
    const winner = await this.createOnce(entry);
    return winner === request.replicaId ? { kind: 'won' } : { kind: 'lost', winner };
  }

  async form(request: FlagRequest): Promise<void> {
    const owner = await this.createOnce(newFlagEntry('formed', request));
    if (owner !== request.replicaId) throw formedByAnother(request);
  }

  async sees(machineId: string, generation: bigint): Promise<boolean> {
    const path = join(this.directory, flagName('formed', machineId, generation));
    return (await this.recordAt(path)) !== null;
  }

  async read(machineId: string | null): Promise<FlagEntry[]> {
    const names = await this.attempt('list', () => readdir(this.directory));
    const entries: FlagEntry[] = [];
    for (const name of names.sort()) {
      if (!name.endsWith('.formed') && !name.endsWith('.taken')) continue;
      const entry = await this.recordAt(join(this.directory, name));
      if (entry !== null && (machineId === null || entry.machineId === machineId))
        entries.push(entry);
    }
    return entries;
  }

  close(): void {
    // Nothing is held between operations.
  }

  /** Creates the record's file unless one exists; returns the replica id in the one that exists then. */
  private async createOnce(entry: FlagEntry): Promise<string> {
    this.attempts += 1;
    const flag = join(this.directory, flagName(entry.kind, entry.machineId, entry.generation));
    const own = join(this.directory, `.vmft-${this.tag}-${this.attempts}.tmp`);
    try {
      await this.attempt('write to', () => writeDurably(own, encodeFlagRecord(entry)));
      const linkError = await link(own, flag).then(
        () => null,
        (error: unknown) => error,
      );
      const links = (await this.attempt('read', () => stat(own))).nlink;
      if (links !== 2 || linkError !== null) {
        const found = await this.recordAt(flag);
        if (found === null) throw this.linkFailure(linkError);
        await this.attempt('sync', () => syncDirectory(this.directory));
        return found.replicaId;
      }
      await this.attempt('sync', () => syncDirectory(this.directory));
      return entry.replicaId;
    } finally {
      await unlink(own).catch(() => undefined);
    }
  }

  /** The record at `path`, or null when there is none. A file that is no record is not passed over. */
  private async recordAt(path: string): Promise<FlagEntry | null> {
    const text = await this.attempt('read', async () => {
      try {
        const { size } = await stat(path);
        return size > limits.flagRecordBytesMax ? '' : await readFile(path, 'utf8');
      } catch (error) {
        if (errorName(error) === 'ENOENT') return null;
        throw error;
      }
    });
    if (text === null) return null;
    const entry = decodeFlagRecord(text);
    if (entry === null) {
      throw new VmftError(
        'arbiter-unusable',
        `${path} is not a flag of vmft`,
        'look who writes there; vmft needs the directory for itself',
      );
    }
    return entry;
  }

  private linkFailure(error: unknown): VmftError {
    const name = errorName(error);
    if (name === 'EPERM' || name === 'ENOTSUP' || name === 'ENOSYS' || name === 'EMLINK') {
      return new VmftError(
        'arbiter-unusable',
        `${this.directory} is on a file system without hard links (${name})`,
        'use a directory on ext4, xfs, btrfs or NFS',
      );
    }
    return this.unreachable('link in', error);
  }

  private async attempt<T>(what: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (error instanceof VmftError) throw error;
      const name = errorName(error);
      if (name === 'ENOTDIR' || name === 'EACCES' || name === 'EPERM' || name === 'EROFS') {
        throw new VmftError(
          'arbiter-unusable',
          `cannot ${what} the arbiter’s directory ${this.directory} (${name})`,
          'make it writable for this user on both hosts',
          error,
        );
      }
      throw this.unreachable(what, error);
    }
  }

  private unreachable(what: string, error: unknown): VmftError {
    return new VmftError(
      'arbiter-unreachable',
      `cannot ${what} the arbiter’s directory ${this.directory} (${errorName(error)})`,
      'bring the shared storage back; vmft tries again by itself',
      error,
    );
  }
}

/**
 * Makes the directory where it may; a missing parent (an unmounted share) is not made up. One that this user
 * cannot write is refused now: nobody should learn it at the failover.
 */
export async function prepareArbiterDirectory(directory: string): Promise<void> {
  await mkdir(directory).catch((error: unknown) => {
    if (errorName(error) !== 'EEXIST') throw cannotServe('make', directory, errorName(error));
  });
  await requireArbiterDirectory(directory, constants.R_OK | constants.W_OK | constants.X_OK);
}

/** Rejects with `arbiter-unusable` unless it is there and may be used so (`rights`: of access(2)). */
export async function requireArbiterDirectory(directory: string, rights: number): Promise<void> {
  try {
    if (!(await stat(directory)).isDirectory()) throw cannotServe('use', directory, 'ENOTDIR');
    await access(directory, rights);
  } catch (error) {
    if (error instanceof VmftError) throw error;
    const what = (rights & constants.W_OK) === 0 ? 'read' : 'write to';
    throw cannotServe(what, directory, errorName(error));
  }
}

function cannotServe(what: string, directory: string, name: string): VmftError {
  return new VmftError(
    'arbiter-unusable',
    `cannot ${what} the arbiter’s directory ${directory} (${name})`,
    'name a directory on storage that both hosts see and this user may write',
  );
}

function flagName(kind: FlagEntry['kind'], machineId: string, generation: bigint): string {
  return `${machineId}.${generation}.${kind}`;
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function errorName(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : String(error);
}
