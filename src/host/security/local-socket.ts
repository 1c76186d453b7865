import type { Server } from '@grpc/grpc-js';
import { lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server as NetServer } from 'node:net';

import { VmftError } from '../../base/errors.js';
import { limits } from '../../base/limits.js';
import { entrance } from './door.js';

/**
 * Lets the users who may open a file on this host call a server's services, but for Peer's. What a daemon that is
 * gone has left there is replaced; the file goes when the socket is closed. `mode`: of the file, 0600 where only the daemon's own user may operate.
 * Throws `address-unavailable`, also when another process serves there.
 */
export async function openLocalSocket(
  server: Server,
  path: string,
  mode = 0o600,
): Promise<{ close(): void }> {
  await removeStale(path);
  const bound = createServer(entrance(server, { kind: 'local' }));
  bound.maxConnections = limits.hostConnectionsMax;
  await listenWithMode(bound, path, mode);
  return { close: () => bound.close() };
}

async function listenWithMode(bound: NetServer, path: string, mode: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    bound.once('error', (error: NodeJS.ErrnoException) => {
      reject(unavailable(path, error.code ?? error.message, error));
    });
    // The file is made within listen(), so there is no moment in which others could open it.
    const before = process.umask(0o777 & ~mode);
    try {
      bound.listen(path, resolve);
    } finally {
      process.umask(before);
    }
  });
}

async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw unavailable(path, 'there is a file that is no socket');
  const served = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => {
      resolve(false);
    });
  });
  if (served) throw unavailable(path, 'another process serves there');
  unlinkSync(path);
}

function unavailable(path: string, why: string, cause?: unknown): VmftError {
  return new VmftError(
    'address-unavailable',
    `cannot listen on ${path}: ${why}`,
    'one daemon serves a socket; name a path in a folder that this user may write',
    cause,
  );
}
