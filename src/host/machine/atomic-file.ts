import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Behind the name of a file that is being written. */
export const unfinishedSuffix = '.new';

/**
 * Replaces a file's content: whoever reads it, now or after a crash at any moment, finds the old one or the new
 * one, whole. Durable when it returns. Throws the system's error, and then the old content is still there.
 */
export function replaceFile(path: string, content: string): void {
  const unfinished = `${path}${unfinishedSuffix}`;
  const file = openSync(unfinished, 'w', 0o600);
  try {
    writeSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
  syncFolder(dirname(path));
}

/** Durable too; a file that is not there is no error. */
export function removeFile(path: string): void {
  rmSync(path, { force: true });
  syncFolder(dirname(path));
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
