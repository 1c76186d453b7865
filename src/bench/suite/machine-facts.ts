/** What a result says of the machine that it was measured on. */

import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';

import { buildIdentity } from '../../cli/build-identity.js';
import { imagesFolder } from '../../cli/project-paths.js';
import type { MachineFacts } from './result.js';

export function machineFacts(): MachineFacts {
  return {
    processor: processorName(textOf('/proc/cpuinfo')),
    cores: availableParallelism(),
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    kernel: `Linux ${release()}`,
    distribution: distributionName(textOf('/etc/os-release')),
    node: process.version,
    vmft: buildIdentity(),
    loadAtStart: Math.round((loadavg()[0] ?? NaN) * 100) / 100,
    guest: guestPackages(
      ['built.json', 'debian-root.json', 'debian-bench.json'].map(builtPackages),
    ),
  };
}

/** The first processor's; `unknown` of a text without. */
export function processorName(cpuinfo: string): string {
  return /^model name\s*:\s*(.+)$/m.exec(cpuinfo)?.[1]?.trim() ?? 'unknown';
}

/** See os-release(5). */
export function distributionName(osRelease: string): string {
  return /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(osRelease)?.[1] ?? 'unknown';
}

/** What is measured, and what it stands on; the rest of a guest's packages says little. */
const told =
  /^(linux-image-.*|busybox-static|libc6|gcc-\d+|tcc|make|openjdk-\d+-jre-headless|nodejs|postgresql-\d+|iperf3|fio)$/;

/**
 * Of lists of packages as the images' build writes them, `NAME_VERSION` or `NAME_VERSION_ARCHITECTURE`: the ones that matter, each once, as
 * `NAME VERSION`. `%3a` in a version stands for a colon, as in names of files.
 */
export function guestPackages(lists: readonly (readonly string[])[]): string[] {
  const packages = lists.flat().flatMap((text) => {
    const [name = '', version = ''] = text.split('_');
    return told.test(name) ? [`${name} ${decodeURIComponent(version)}`] : [];
  });
  return [...new Set(packages)];
}

/** Of an image that is not built: none. */
function builtPackages(name: string): readonly string[] {
  try {
    const built = JSON.parse(textOf(join(imagesFolder, name))) as { packages?: string[] };
    return built.packages ?? [];
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
