/** Round trips between the client's namespace and the guest. */

import { fileURLToPath } from 'node:url';

import { VmftError } from '../base/errors.js';
import { counterPort, guestAddress, type DemoNetwork } from '../cli/demo/demo-network.js';
import { clientOutput } from './client-command.js';

const exchangeScript = fileURLToPath(new URL('./pair-exchange-client.js', import.meta.url));
const pingIntervalS = 0.01;
const timeoutMs = 60_000;

/** Round trips in milliseconds. */
export interface LatencySamples {
  readonly ping: readonly number[];
  /** One line each way over a standing TCP connection. */
  readonly exchange: readonly number[];
}

/** @param count of each kind of round trip */
export async function measureLatency(network: DemoNetwork, count: number): Promise<LatencySamples> {
  // The exchanges come first: they warm both sides up.
  const exchange = await clientOutput(
    network,
    [process.execPath, exchangeScript, guestAddress, String(counterPort), String(count)],
    timeoutMs,
  );
  const ping = await clientOutput(
    network,
    [...['ping', '-n', '-i', String(pingIntervalS), '-c', String(count), '-W', '5'], guestAddress],
    timeoutMs,
  );
  if (exchange === null) throw new VmftError('internal', 'the client could not run');
  return { ping: pingTimesMs(ping ?? ''), exchange: JSON.parse(exchange) as number[] };
}

/** The times that ping(8) prints; the first finds no neighbour entry and is left out. */
export function pingTimesMs(text: string): number[] {
  return [...text.matchAll(/icmp_seq=(\d+) .*\btime=([\d.]+) ms/g)]
    .filter(([, sequence]) => sequence !== '1')
    .map(([, , time]) => Number(time));
}
