/** Runs programs where the client is. */

import { once } from 'node:events';

import { VmftError } from '../base/errors.js';
import type { DemoNetwork } from '../cli/demo/demo-network.js';

/** nsenter's own status for a program that it cannot find. */
const notFound = 127;

/** What it wrote; null when the program is not installed. Throws `internal` when it fails or takes too long. */
export async function clientOutput(
  network: DemoNetwork,
  command: readonly string[],
  timeoutMs: number,
): Promise<string | null> {
  const child = network.client.spawn(command, ['ignore', 'pipe', 'pipe']);
  let text = '';
  let trouble = '';
  child.stdout?.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  child.stderr?.on('data', (bytes: Buffer) => (trouble += bytes.toString('latin1')));
  const killer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const [status] = (await once(child, 'close')) as [number | null];
  clearTimeout(killer);
  if (status === notFound) return null;
  if (status !== 0) {
    throw new VmftError('internal', `${command[0] ?? ''} failed: ${trouble.trim()}`);
  }
  return text;
}
