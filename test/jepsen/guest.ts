import { guestAddress, guestPrefixBits } from '../../src/cli/demo/demo-network.js';
import type { PairGuest } from '../../src/cli/demo/demo-pair.js';
import type { WorkloadName } from './client/workload.js';

export const redisPort = 6379;
export const postgresPort = 5432;
export const shellPort = 7001;

const checkMs = { redis: 60_000, postgresql: 300_000 } as const;
export type Service = keyof typeof checkMs;

/** What its console says of a database whose files are in order. */
export function checkText(service: Service): string {
  return `vmft: check ${service} ok`;
}

export function servicesOf(workloads: readonly WorkloadName[]): Service[] {
  const services = new Set<Service>();
  for (const name of workloads) services.add(name.startsWith('redis') ? 'redis' : 'postgresql');
  return [...services];
}

/** Debian on its root disk, serving databases; each checks its files when the guest is powered off. */
export function databaseGuest(services: readonly Service[]): PairGuest {
  const words = [
    'root=/dev/vda',
    `vmft.ip=${guestAddress}/${guestPrefixBits}`,
    `vmft.services=${[...services, 'shell'].join(',')}`,
    'vmft.check=1',
  ];
  return {
    name: `Debian on its root disk with ${services.join(' and ')}`,
    words: ['debian', '--append', words.join(' ')],
    servesText: 'vmft: ready',
  };
}

/** How long a power-off with all checks may take. */
export function powerOffMsMax(services: readonly Service[]): number {
  return services.reduce((sum, service) => sum + checkMs[service], 60_000);
}
