import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { tunDeviceFault } from '../../src/cli/check/tap.js';
import { namespaceOptions } from '../../src/cli/demo/enter-namespaces.js';

/** Why tests with networks cannot run here; null when they can. */
export function noNetworks(): string | null {
  if (namespaceOptions() === null) return 'no network namespaces for this user';
  return tunDeviceFault()?.found ?? null;
}

/** Runs a script that lies beside this one in namespaces of its own; its argument is an empty folder. */
export function runInside(
  script: string,
  timeoutMs: number,
): { readonly status: number | null; readonly output: string } {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'vmft-e2e-'));
  try {
    const options = [...(namespaceOptions() ?? []), process.execPath, path, folder];
    const result = spawnSync('unshare', options, {
      encoding: 'utf8',
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    return { status: result.status, output: `${result.stdout}${result.stderr}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
