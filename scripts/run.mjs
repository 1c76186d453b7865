/**
 * Sets up a step, then runs a program of ours with the arguments that follow, and ends as it ended.
 *
 *   node scripts/run.mjs STEP PROGRAM.js [ARGUMENT]...
 */

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const [step, program, ...options] = process.argv.slice(2);
if (step === undefined || program === undefined) {
  console.error('usage: node scripts/run.mjs STEP PROGRAM.js [ARGUMENT]...');
  process.exit(2);
}
if (!(await setUp([step]))) process.exit(1);

const child = spawn(process.execPath, [resolve(root, program), ...options], { stdio: 'inherit' });
// A terminal's Ctrl-C reaches the child by itself; we only have to outlive it.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
process.on('SIGHUP', () => child.kill('SIGHUP'));
child.on('error', (error) => {
  console.error(`cannot run ${program}: ${error.message}`);
  process.exitCode = 1;
});
child.on('exit', (status, signal) => {
  process.exitCode = status ?? 128 + constants.signals[signal];
});
