/** Round trips between the client's namespace and the guest. */

import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { VmftError } from '../base/errors.js';
import { counterPort, guestAddress, type DemoNetwork } from '../cli/demo/demo-network.js';
import type { LatencySamples } from './pair-report.js';

const exchangeScript = fileURLToPath(new URL('./pair-exchange-client.js', import.meta.url));
const pingIntervalS = 0.01;
const timeoutMs = 60_000;

/** @param count of each kind of round trip */
export async function measureLatency(network: DemoNetwork, count: number): Promise<LatencySamples> {
  // The exchanges come first: they warm both sides up.
  const exchange = await output(network, [
    ...[process.execPath, exchangeScript, guestAddress, String(counterPort), String(count)],
  ]);
  const ping = await output(network, [
    ...['ping', '-n', '-i', String(pingIntervalS), '-c', String(count), '-W', '5'],
    guestAddress,
  ]);
  if (exchange === null) throw new VmftError('internal', 'the client could not run');
  return { ping: pingTimesMs(ping ?? ''), exchange: JSON.parse(exchange) as number[] };
}

/** The times that ping(8) prints; the first finds no neighbour entry and is left out. */
export function pingTimesMs(text: string): number[] {
  return [...text.matchAll(/icmp_seq=(\d+) .*\btime=([\d.]+) ms/g)]
    .filter(([, sequence]) => sequence !== '1')
    .map(([, , time]) => Number(time));
}

/** Null when the program is not installed. */
async function output(network: DemoNetwork, command: readonly string[]): Promise<string | null> {
  const child = network.client.spawn(command, ['ignore', 'pipe', 'pipe']);
  let text = '';
  let trouble = '';
  child.stdout?.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  child.stderr?.on('data', (bytes: Buffer) => (trouble += bytes.toString('latin1')));
  const killer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const [status] = (await once(child, 'close')) as [number | null];
  clearTimeout(killer);
  // nsenter's own status for a program that it cannot find.
  if (status === notFound) return null;
  if (status !== 0) {
    throw new VmftError('internal', `${command[0] ?? ''} failed: ${trouble.trim()}`);
  }
  return text;
}

const notFound = 127;
