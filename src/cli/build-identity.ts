import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { projectRoot } from './project-paths.js';

/**
 * Names this vmft for peers and logs: its version and the sources that its native part was built from.
 * Two hosts whose identities are equal execute a log alike.
 */
export function buildIdentity(): string {
  return `${packageVersion()}+${nativeSources()}`;
}

export function packageVersion(): string {
  const text = readFileSync(join(projectRoot, 'package.json'), 'utf8');
  const { version } = JSON.parse(text) as { version?: unknown };
  return typeof version === 'string' ? version : '0';
}

/** The set-up writes this stamp after each native build; its first 12 digits are plenty. */
function nativeSources(): string {
  try {
    const stamp = readFileSync(join(projectRoot, 'build', 'vmft-sources.stamp'), 'utf8');
    return stamp.trim().slice(0, 12);
  } catch {
    return 'unstamped';
  }
}
