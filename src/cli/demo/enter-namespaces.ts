import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';

import { VmftError } from '../../base/errors.js';

/**
 * Network, mount and process namespaces of our own. The first process inside is the init of its process
 * namespace: when it ends, however it ends, the kernel kills all others in there, and with the last of them
 * every interface, bridge and tap disappears. Nothing can leak into the host's network or stay behind.
 */
const isolation = [
  '--net',
  '--mount',
  '--pid',
  '--fork',
  '--kill-child=SIGKILL',
  '--mount-proc',
] as const;

/** The same without privilege: root in a user namespace of our own. */
const asRootInside = ['--user', '--map-root-user'] as const;

/** The options with which `unshare` works here, or null. Tries with privilege first, then without. */
export function namespaceOptions(): readonly string[] | null {
  const ways = [[...isolation], [...asRootInside, ...isolation]];
  return ways.find((options) => unshareWorks(options)) ?? null;
}

export function unshareWorks(options: readonly string[]): boolean {
  const result = spawnSync('unshare', [...options, 'true'], { stdio: 'ignore', timeout: 10_000 });
  return result.status === 0;
}

export const namespaceAdvice =
  'run as root, or allow it to users: sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0; Debian package util-linux has unshare';

/** The options with which `unshare` works here. Throws `namespace-unavailable`. */
export function requireNamespaces(): readonly string[] {
  const options = namespaceOptions();
  if (options !== null) return options;
  throw new VmftError(
    'namespace-unavailable',
    'this user may not make network namespaces here',
    namespaceAdvice,
  );
}

/** Runs a script of ours inside; when it is killed, so is all inside. Throws `namespace-unavailable`. */
export function namespacesCommand(script: string, scriptOptions: readonly string[]): string[] {
  return ['unshare', ...requireNamespaces(), process.execPath, script, ...scriptOptions];
}

/**
 * Runs a script of ours inside, with this process's input and output, and resolves with its exit
 * status. Throws `namespace-unavailable`.
 */
export async function enterNamespaces(
  script: string,
  scriptOptions: readonly string[],
): Promise<number> {
  const [program = '', ...words] = namespacesCommand(script, scriptOptions);
  const child = spawn(program, words, { stdio: 'inherit' });
  // The terminal's Ctrl-C reaches the inside by itself; anything else ends it through unshare's death.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      child.kill('SIGKILL');
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status, signal) => {
      resolve(status ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** For the first process inside: with its end, which an init has to ask for, everything in there ends. */
export function endBySignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => process.exit(130));
  }
}
