/** Debian packages that a step needs: found by the commands or headers they bring, installed where we may. */

import { accessSync, constants, existsSync } from 'node:fs';
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
  iperf3: 'iperf3',
  mmdebstrap: 'mmdebstrap',
  e2fsprogs: 'mke2fs',
  uidmap: 'newuidmap',
  tgt: 'tgtd',
  'etcd-server': 'etcd',
  'etcd-client': 'etcdctl',
};

/** The header that shows that a library's package is there. */
const headerOf = {
  'libiscsi-dev': 'iscsi/iscsi.h',
  'liblz4-dev': 'lz4.h',
  'libxbyak-dev': 'xbyak/xbyak.h',
};
const headerFolders = ['/usr/include', '/usr/local/include'];

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

function isThere(name) {
  const header = headerOf[name];
  if (header === undefined) {
    const command = commandOf[name];
    if (command === undefined) throw new Error(`bug: what shows that ${name} is there?`);
    return hasCommand(command);
  }
  return headerFolders.some((folder) => existsSync(join(folder, header)));
}

/** @param {string[]} packages keys of `commandOf` or `headerOf` */
export function ensurePackages(packages) {
  const missing = packages.filter((name) => !isThere(name));
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
  const still = missing.filter((name) => !isThere(name));
  if (still.length > 0)
    throw new StepError(
      `apt-get installed ${still.join(' ')}, but what it brings is not where it is looked for`,
    );
}

/** What to put before apt-get; null when we may not install. */
function privilegePrefix() {
  if (process.getuid() === 0) return [];
  const sudo = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' });
  return sudo.status === 0 ? ['sudo', '-n'] : null;
}
