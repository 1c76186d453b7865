/** The patched QEMU: built once, and again when its patches change. */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabUnavailable, cacheFolder, labSources } from './lab-folder.mjs';

const buildMsMax = 40 * 60_000;
const firmware = ['/usr/share/qemu/pvh.bin', '/usr/share/seabios/bios-256k.bin'];

/** @returns {string} the path of qemu-system-x86_64 */
export function buildQemu() {
  const script = join(labSources, 'qemu/build.sh');
  const folder = join(cacheFolder, 'qemu');
  const program = join(folder, 'qemu-system-x86_64');
  if (upToDate(folder, program)) return program;
  if (!existsSync('/etc/debian_version')) {
    throw new LabUnavailable(
      'its QEMU is built from Debian’s source package, and this is not Debian',
    );
  }
  if (process.getuid() !== 0) {
    throw new LabUnavailable('its QEMU is not built, and what that needs is installed as root');
  }
  console.error('lab: building QEMU with an emulated PMU; about 8 minutes, once');
  const result = spawnSync('sh', [script, folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: buildMsMax,
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (result.status !== 0 || !upToDate(folder, program)) {
    const why = result.stderr.trim().split('\n').slice(-3).join(' / ');
    throw new LabUnavailable(`its QEMU cannot be built: ${why}`);
  }
  return program;
}

/** build.sh leaves the hash of what it was made from, which it computes in the same way. */
function upToDate(folder, program) {
  if (![program, ...firmware].every((path) => existsSync(path))) return false;
  const hash = createHash('sha256');
  for (const name of [
    'build.sh',
    'qemu-amd-pmu.patch',
    'qemu-svm-int3.patch',
    'qemu-svm-breakpoints.patch',
    'qemu-svm-flags.patch',
  ]) {
    hash.update(readFileSync(join(labSources, 'qemu', name)));
  }
  try {
    return readFileSync(join(folder, 'sources.sha256'), 'utf8').trim() === hash.digest('hex');
  } catch {
    return false;
  }
}
