import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { imagesFolder, mainScript } from '../../src/cli/project-paths.js';

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const timeoutMs = 60_000;

/** Runs the command to its end. */
export function vmft(options: readonly string[], input = ''): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [mainScript, ...options], {
    encoding: 'utf8',
    input,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  return { status, stdout, stderr };
}

/** The same, typing `input` once the guest has shown `prompt`. */
export function vmftTyping(
  options: readonly string[],
  prompt: string,
  input: string,
): Promise<Outcome> {
  const child = spawn(process.execPath, [mainScript, ...options], { timeout: timeoutMs });
  let [stdout, stderr] = ['', ''];
  let typed = false;
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes.toString();
    if (typed || !stdout.includes(prompt)) return;
    typed = true;
    child.stdin.end(input);
  });
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  return new Promise((resolve) => {
    child.on('close', (status) => {
      resolve({ status, stdout, stderr });
    });
  });
}

export function testGuest(name: string): string {
  return join(imagesFolder, 'guests', `${name}.elf`);
}
