import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** This file runs as dist/test/lab/lab-images.js. */
export const projectRoot = fileURLToPath(new URL('../../..', import.meta.url));
export const labSources = join(projectRoot, 'test', 'lab');
export const labCache = join(projectRoot, '.cache', 'lab');

/** Paths of what test/lab/build.mjs has built. */
export interface LabImages {
  readonly qemu: string;
  readonly kernel: string;
  readonly initramfs: string;
  readonly root: string;
  readonly product: string;
}

/** This machine lacks what the lab needs; the message says what. */
export class LabUnavailable extends Error {}

const buildMsMax = 45 * 60_000;

/** Builds what is missing or out of date. Throws {@link LabUnavailable}. */
export function buildLabImages(): LabImages {
  const result = spawnSync(process.execPath, [join(labSources, 'build.mjs')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: buildMsMax,
  });
  if (result.status !== 0) throw new Error('the lab’s images cannot be built');
  const built = JSON.parse(result.stdout) as LabImages | { readonly unavailable: string };
  if ('unavailable' in built) throw new LabUnavailable(built.unavailable);
  return built;
}
