/**
 * Business logic in a managed language, in the place of the paper's SPECjbb2005: warehouses, orders, payments, deliveries, run in memory
 * by a Java machine (images/bench-disk/overlay/usr/src/orders). The processor, the memory and the garbage collector are at work, nothing else.
 */

import { CountingProcess } from '../guest/counting-process.js';
import type { Workload } from './workload.js';

const startMsMax = 60_000;
/** Until what is executed often is compiled: measured, half of that. */
const warmMs = 4_000;

export const managedCommand = 'exec sh /usr/lib/vmft/bench/managed';

/** @param line of the program */
export function operationsIn(line: string): number | null {
  const count = /^operations (\d+)$/.exec(line)?.[1];
  return count === undefined ? null : Number(count);
}

export const managed: Workload = {
  name: 'managed',
  unit: 'operations/s',
  guest: { disk: 'debian-bench', services: [], memoryMiB: 256 },
  async start(shell) {
    const running = new CountingProcess(shell.follow(managedCommand), operationsIn, shell);
    await running.warm(warmMs, startMsMax);
    return running;
  },
};
