/** Where the lab keeps what it builds, and files that are replaced in one step. */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const labSources = dirname(dirname(fileURLToPath(import.meta.url)));
export const projectRoot = dirname(dirname(labSources));
export const cacheFolder = join(projectRoot, '.cache', 'lab');

/** The environment lacks something: shown as one line, and the lab is skipped. */
export class LabUnavailable extends Error {}

/** Replaces a file in one step, so that a build that is interrupted leaves the old one. */
export function writeWhole(path, data) {
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}.tmp`;
  writeFileSync(partial, data);
  renameSync(partial, path);
}

/** What was built last and from what; null when nothing was. */
export function readRecord(name) {
  try {
    return JSON.parse(readFileSync(join(cacheFolder, name), 'utf8'));
  } catch {
    return null;
  }
}

export function writeRecord(name, record) {
  writeWhole(join(cacheFolder, name), `${JSON.stringify(record, null, 2)}\n`);
}
