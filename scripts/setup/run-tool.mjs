/** Runs a tool quietly: its output is shown only when it fails. */

import { spawnSync } from 'node:child_process';
import { StepError } from './step-error.mjs';

const outputLinesShown = 60;

/**
 * @param {string} what for the message, as 'the native addon'
 * @param {string} program @param {string[]} options
 * @param {import('node:child_process').SpawnSyncOptions} spawnOptions
 */
export function runTool(what, program, options, spawnOptions = {}) {
  const result = spawnSync(program, options, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 256 << 20,
    ...spawnOptions,
  });
  if (result.error !== undefined)
    throw new StepError(`${what}: cannot run ${program}: ${result.error.message}`);
  if (result.status === 0) return result.stdout;
  const lines = `${result.stdout}${result.stderr}`.trimEnd().split('\n');
  const shown = lines.slice(-outputLinesShown).join('\n');
  throw new StepError(
    `${what}: ${program} ended with ${result.signal ?? `status ${result.status}`}:\n${shown}`,
  );
}
