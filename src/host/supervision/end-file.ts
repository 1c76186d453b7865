import { readFileSync } from 'node:fs';

import { replaceFile } from '../machine/atomic-file.js';
import type { ReplicaEnd } from './replica-view.js';

/**
 * How a replica's session ended, left behind by its process (`--end-file`): the daemon that wants to know may be away at
 * that moment. No file, and the process died without an end of its own.
 */
export function writeEndFile(path: string, { reason, message }: ReplicaEnd): void {
  replaceFile(path, `${JSON.stringify({ reason, message })}\n`);
}

/** Null: none, or none that is whole. */
export function readEndFile(path: string): ReplicaEnd | null {
  try {
    const { reason, message } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    if (typeof reason !== 'string' || typeof message !== 'string') return null;
    return { reason, message };
  } catch {
    return null;
  }
}
