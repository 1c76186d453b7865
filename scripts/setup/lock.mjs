/**
 * One set-up at a time per clone: two at once would build into the same folders. The lock is a
 * file holding its owner's process id, so that one whose owner has died is taken over.
 */

import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StepError } from './step-error.mjs';

const retryMs = 200;
const waitMaxMs = 20 * 60_000;

/** Waits for the lock, runs `action`, and gives the lock back. */
export async function withLock(cacheFolder, action) {
  mkdirSync(cacheFolder, { recursive: true });
  const path = join(cacheFolder, 'setup.lock');
  await acquire(path);
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  try {
    return await action();
  } finally {
    process.off('exit', release);
    release();
  }
}

async function acquire(path) {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    for (let waitedMs = 0; !tryLink(mine, path); waitedMs += retryMs) {
      const owner = readOwner(path);
      if (owner !== null && !isAlive(owner)) rmSync(path, { force: true });
      if (waitedMs === 0)
        console.error(`setup: waiting for another set-up (process ${owner ?? '?'})`);
      if (waitedMs > waitMaxMs) throw new StepError(`another set-up holds ${path} for too long`);
      await sleep(retryMs);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

function tryLink(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(path) {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

function isAlive(processId) {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
