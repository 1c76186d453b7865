/** Round trips between the client's namespace and the guest. */

import { fileURLToPath } from 'node:url';

import { VmftError } from '../../base/errors.js';
import { counterPort, guestAddress, type DemoNetwork } from '../../cli/demo/demo-network.js';
import { clientOutput } from '../client-command.js';

/** Round trips in milliseconds. */
export interface LatencySamples {
  readonly ping: readonly number[];
  /** One line each way over a standing TCP connection. */
  readonly exchange: readonly number[];
}

export interface LatencyPlan {
  /** Of each kind of round trip. */
  readonly count: number;
  /** Exchanges before those that count. */
  readonly warmUpMs: number;
  /** Longer than a round trip takes; each ping is to find a guest that has gone idle. */
  readonly pingIntervalMs: number;
}

/** For round trips of a few milliseconds at most. */
export function usualLatencyPlan(count: number): LatencyPlan {
  return { count, warmUpMs: 1_000, pingIntervalMs: 10 };
}

const exchangeScript = fileURLToPath(new URL('./exchange-client.js', import.meta.url));
const timeoutMs = 60_000;

export async function measureLatency(
  network: DemoNetwork,
  { count, warmUpMs, pingIntervalMs }: LatencyPlan,
): Promise<LatencySamples> {
  // The exchanges come first: they warm both sides up.
  const words = [guestAddress, counterPort, count, warmUpMs].map(String);
  const exchange = await clientOutput(
    network,
    [process.execPath, exchangeScript, ...words],
    timeoutMs,
  );
  // One more, since the first finds no neighbour entry.
  const pings = ['-i', String(pingIntervalMs / 1e3), '-c', String(count + 1), '-W', '5'];
  const ping = await clientOutput(network, ['ping', '-n', ...pings, guestAddress], timeoutMs);
  if (exchange === null) throw new VmftError('internal', 'the client could not run');
  if (ping === null)
    throw new VmftError('internal', 'ping is not installed: it is in the package iputils-ping');
  return { ping: pingTimesMs(ping), exchange: JSON.parse(exchange) as number[] };
}

/** The times that ping(8) prints; the first finds no neighbour entry and is left out. */
export function pingTimesMs(text: string): number[] {
  return [...text.matchAll(/icmp_seq=(\d+) .*\btime=([\d.]+) ms/g)]
    .filter(([, sequence]) => sequence !== '1')
    .map(([, , time]) => Number(time));
}
