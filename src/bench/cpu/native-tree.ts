/**
 * The content of a disk image as a place to run programs on this host: the image read-only through a loop device, with all that is written
 * above it in memory. Everything is in namespaces of one process and is gone with it: mounts, the loop device, whatever was
 * started, shared memory, networks. Needs root.
 */

import { spawnSync } from 'node:child_process';
import { asVmftError } from '../../base/errors.js';
import type { Invocation } from './invocation.js';

/** Arguments: the image, an empty folder, and what is run as root of the tree. */
const enter = `
set -e
image=$1 place=$2
shift 2
mount -t tmpfs tmpfs "$place"
mkdir "$place/below" "$place/above" "$place/work" "$place/tree"
mount -o loop,ro,noload "$image" "$place/below"
mount -t overlay -o "lowerdir=$place/below,upperdir=$place/above,workdir=$place/work" overlay "$place/tree"
cd "$place/tree"
mount -t proc proc proc
for folder in dev tmp run; do mount -t tmpfs tmpfs $folder; done
mkdir -m 1777 dev/shm
mknod -m 666 dev/null c 1 3
mknod -m 666 dev/zero c 1 5
mknod -m 666 dev/random c 1 8
mknod -m 666 dev/urandom c 1 9
ln -s /proc/self/fd dev/fd
exec chroot . "$@"
`;

const namespaces = ['--mount', '--pid', '--net', '--ipc', '--uts'];
const tryMsMax = 30_000;

/** @param place an empty folder; nothing is seen in it from outside */
export function inTree(image: string, place: string, command: readonly string[]): Invocation {
  return {
    program: 'unshare',
    options: [
      ...[...namespaces, '--fork', '--kill-child', '--propagation', 'private'],
      ...['sh', '-c', enter, 'sh', image, place, ...command],
    ],
  };
}

/** Why nothing runs in such a tree here; null: it does. */
export function treeTrouble(image: string, place: string): string | null {
  const { program, options } = inTree(image, place, ['/bin/true']);
  const { status, stderr, error } = spawnSync(program, options, {
    encoding: 'utf8',
    timeout: tryMsMax,
  });
  if (error !== undefined) return asVmftError(error).message;
  return status === 0 ? null : stderr.trim() || `unshare ended with status ${status ?? 'none'}`;
}
