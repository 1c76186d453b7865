/**
 * A shop on the web, in the place of the paper's DVD Store: customers outside the guest who log in, browse and order, each as soon as the
 * last answer came, on PostgreSQL in the guest (images/bench-disk/overlay/usr/lib/vmft/bench/shop.sql).
 */

import { fileURLToPath } from 'node:url';

import { guestAddress } from '../../cli/demo/demo-network.js';
import { CountingProcess } from '../guest/counting-process.js';
import { readDatabaseFiles } from './database-files.js';
import type { Workload } from './workload.js';

const clientScript = fileURLToPath(new URL('./web-shop-client.js', import.meta.url));
const customersAtOnce = 16;
const startMsMax = 60_000;
const warmMs = 2_000;

/** @param line of web-shop-client.ts */
export function ordersIn(line: string): number | null {
  const count = /^orders (\d+)$/.exec(line)?.[1];
  return count === undefined ? null : Number(count);
}

export const webShop: Workload = {
  name: 'web-shop',
  unit: 'orders/s',
  guest: { disk: 'debian-bench', services: ['postgresql'], memoryMiB: 256 },
  async start(shell) {
    await readDatabaseFiles(shell, 'shop');
    const command = [process.execPath, clientScript, guestAddress, String(customersAtOnce)];
    const child = shell.network.client.spawn(command, ['ignore', 'pipe', 'pipe']);
    const running = new CountingProcess(child, ordersIn);
    await running.warm(warmMs, startMsMax);
    return running;
  },
};
