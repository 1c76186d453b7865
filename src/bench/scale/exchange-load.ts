import { fileURLToPath } from 'node:url';

import { counterPort, type DemoNetwork } from '../../cli/demo/demo-network.js';
import type { BenchGuest } from '../guest/bench-guest.js';
import { CountingProcess } from '../guest/counting-process.js';

const clientScript = fileURLToPath(new URL('./exchange-client.js', import.meta.url));
const warmMs = 1_000;
const startMsMax = 60_000;

export interface ExchangeLoad {
  /** To each guest. */
  readonly connections: number;
  /** Of each connection, between an answer and the next question. */
  readonly pauseMs: number;
}

/** Clients of all of these guests, who ask until they are killed. Resolves when they are warm. */
export async function startExchanges(
  network: DemoNetwork,
  guests: readonly BenchGuest[],
  { connections, pauseMs }: ExchangeLoad,
): Promise<CountingProcess> {
  const words = [counterPort, connections, pauseMs].map(String);
  const addresses = guests.map(({ address }) => address);
  const client = network.client.spawn(
    [process.execPath, clientScript, ...words, ...addresses],
    ['ignore', 'pipe', 'pipe'],
  );
  const load = new CountingProcess(client, exchangesIn);
  try {
    await load.warm(warmMs, startMsMax);
  } catch (error) {
    load.kill();
    throw error;
  }
  return load;
}

export function exchangesIn(line: string): number | null {
  const count = /^exchanges (\d+)$/.exec(line)?.[1];
  return count === undefined ? null : Number(count);
}
