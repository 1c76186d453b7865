/** Debian packages that a step needs: found by the commands they bring, installed where we may. */

import { accessSync, constants } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { StepError } from './step-error.mjs';
import { runTool } from './run-tool.mjs';

/** The command that shows that a package is there. */
const commandOf = {
  'g++': 'g++',
  make: 'make',
  python3: 'python3',
  iproute2: 'ip',
  'iputils-ping': 'ping',
  mmdebstrap: 'mmdebstrap',
  e2fsprogs: 'mke2fs',
  uidmap: 'newuidmap',
};

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];

export function hasCommand(command) {
  return folders.some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** @param {string[]} packages keys of `commandOf` */
export function ensurePackages(packages) {
  const missing = packages.filter((name) => !hasCommand(commandOf[name]));
  if (missing.length === 0) return;
  const names = missing.join(' ');
  const prefix = privilegePrefix();
  if (!hasCommand('apt-get') || prefix === null) {
    throw new StepError(
      `these Debian packages are missing: ${names} — run: sudo apt-get install ${names}`,
    );
  }
  console.error(`setup: installing Debian packages: ${names}`);
  const environment = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' } };
  const apt = (...options) => {
    const [program, ...rest] = [...prefix, 'apt-get', '-q', ...options];
    runTool(`Debian packages ${names}`, program, rest, environment);
  };
  const install = ['install', '-y', '--no-install-recommends', ...missing];
  try {
    apt(...install);
  } catch {
    // The lists may be missing or older than the archive.
    apt('update');
    apt(...install);
  }
  const still = missing.filter((name) => !hasCommand(commandOf[name]));
  if (still.length > 0)
    throw new StepError(`apt-get installed ${still.join(' ')}, but its commands are not in PATH`);
}

/** What to put before apt-get; null when we may not install. */
function privilegePrefix() {
  if (process.getuid() === 0) return [];
  const sudo = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' });
  return sudo.status === 0 ? ['sudo', '-n'] : null;
}
