import { chmodSync, lstatSync, mkdtempSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';

import { ServerCredentials, type Server } from '@grpc/grpc-js';

import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';

/**
 * A gRPC server's Unix socket, for the local operator. Whoever may open the file may use it, so it is never there with
 * another mode than `mode`: it is made in a folder that only this user may enter, and moved to its place.
 */
export class LocalSocket {
  private constructor(
    readonly path: string,
    private readonly inode: bigint,
  ) {}

  /**
   * Binds `server` to `path`. A socket that nobody listens on any more is replaced. Throws `address-unavailable` for one
   * in use, and for a path where none can be. `credentials` are plain, and may have interceptors.
   */
  static async bind(
    server: Server,
    path: string,
    mode = 0o600,
    credentials: ServerCredentials = ServerCredentials.createInsecure(),
  ): Promise<LocalSocket> {
    const place = resolve(path);
    if (Buffer.byteLength(place) > limits.socketPathBytesMax) {
      throw unusable(path, `a socket's path is at most ${limits.socketPathBytesMax} bytes long`);
    }
    await requireFree(place);
    let folder: string;
    try {
      folder = mkdtempSync(join(dirname(place), '.s'));
    } catch (error) {
      throw unusable(path, (error as NodeJS.ErrnoException).code ?? String(error));
    }
    try {
      const fresh = join(folder, 's');
      await bound(server, fresh, credentials);
      chmodSync(fresh, mode);
      const { ino } = lstatSync(fresh, { bigint: true });
      renameSync(fresh, place);
      return new LocalSocket(place, ino);
    } catch (error) {
      throw unusable(path, (error as NodeJS.ErrnoException).code ?? (error as Error).message);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Unless another process has put one of its own there. */
  remove(): void {
    try {
      if (lstatSync(this.path, { bigint: true }).ino === this.inode) unlinkSync(this.path);
    } catch {
      // It is gone already.
    }
  }
}

/** What gRPC calls a server at this socket. */
export function socketTarget(path: string): string {
  return `unix:${resolve(path)}`;
}

function bound(server: Server, path: string, credentials: ServerCredentials): Promise<void> {
  return new Promise((done, fail) => {
    server.bindAsync(socketTarget(path), credentials, (error) => {
      if (error === null) done();
      else fail(error);
    });
  });
}

/** Returns when there is nothing at `path`, or a socket that nobody listens on. */
async function requireFree(path: string): Promise<void> {
  const kind = lstatSync(path, { throwIfNoEntry: false });
  if (kind === undefined) return;
  if (!kind.isSocket()) throw unusable(path, 'something that is no socket is there');
  const answer = await new Promise<string>((done) => {
    const socket = connect(path);
    const tell = (what: string): void => {
      socket.destroy();
      done(what);
    };
    socket.on('connect', () => {
      tell('in use');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      tell(error.code ?? error.message);
    });
  });
  if (answer === 'ECONNREFUSED' || answer === 'ENOENT') return;
  throw unusable(path, answer === 'in use' ? 'another process listens there' : answer);
}

function unusable(path: string, why: string): VmftError {
  return new VmftError(
    'address-unavailable',
    `cannot make the control socket ${path}: ${why}`,
    'name another path, in a folder that this user may write to',
  );
}
