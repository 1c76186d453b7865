/** Networks made as slow as others would be, by tc(8) on both of their ends. Linux only; see tc-tbf(8). */

import { spawnSync } from 'node:child_process';

import { VmftError } from '../base/errors.js';
import type { DemoNetwork } from '../cli/demo/demo-network.js';
import type { NetworkNamespace } from '../cli/demo/network-namespace.js';

/** What may leave at once, in time at the full rate; beyond a timer's lateness, or the rate would not be reached. */
const burstMs = 1;
/** What may wait, in time at the full rate: about a switch's buffer. */
const queueMs = 10;
const tcMsMax = 10_000;

/** Where frames leave a namespace. */
interface NetworkPort {
  readonly namespace: NetworkNamespace;
  readonly device: string;
}

/**
 * Limits what each of the two hosts sends to the other, which makes the logging channel a full-duplex link of that rate; null: no limit. Until
 * `work` has ended. Throws `namespace-unavailable` when tc or the kernel's scheduler is missing.
 */
export function withChannelRate<Result>(
  network: DemoNetwork,
  gbitPerS: number | null,
  work: () => Promise<Result>,
): Promise<Result> {
  const { a, b } = network;
  return withRate([logPort(a.namespace), logPort(b.namespace)], gbitPerS, work);
}

/** The same of the network between the client and host a, on which the guest is. */
export function withClientRate<Result>(
  network: DemoNetwork,
  gbitPerS: number | null,
  work: () => Promise<Result>,
): Promise<Result> {
  const ports = [
    { namespace: network.a.namespace, device: 'guest0' },
    { namespace: network.client, device: 'eth0' },
  ];
  return withRate(ports, gbitPerS, work);
}

function logPort(namespace: NetworkNamespace): NetworkPort {
  return { namespace, device: 'log0' };
}

async function withRate<Result>(
  ports: readonly NetworkPort[],
  gbitPerS: number | null,
  work: () => Promise<Result>,
): Promise<Result> {
  if (gbitPerS === null) return work();
  try {
    for (const port of ports) setRate(port, gbitPerS);
    return await work();
  } finally {
    for (const port of ports) removeRate(port);
  }
}

/** Options of `tc qdisc replace dev …`: `limit` and `burst` in bytes. */
export function rateWords(gbitPerS: number): string[] {
  const bytesPerMs = (gbitPerS * 1e9) / 8 / 1e3;
  return [
    ...['root', 'tbf', 'rate', `${Math.round(gbitPerS * 1e9)}bit`],
    ...['burst', String(Math.round(bytesPerMs * burstMs))],
    ...['limit', String(Math.round(bytesPerMs * queueMs))],
  ];
}

function setRate(port: NetworkPort, gbitPerS: number): void {
  const why = tc(port, ['qdisc', 'replace', 'dev', port.device, ...rateWords(gbitPerS)]);
  if (why === null) return;
  throw new VmftError(
    'namespace-unavailable',
    `the network of ${port.namespace.name} cannot be limited to ${gbitPerS} Gbit/s: ${why}`,
    'the kernel needs its module sch_tbf, and the system its package iproute2',
  );
}

/** One that has none is left as it is. */
function removeRate(port: NetworkPort): void {
  tc(port, ['qdisc', 'del', 'dev', port.device, 'root']);
}

/** What was wrong; null: nothing. */
function tc({ namespace }: NetworkPort, options: readonly string[]): string | null {
  const [program = '', ...words] = namespace.inside(['tc', ...options]);
  const result = spawnSync(program, words, { encoding: 'utf8', timeout: tcMsMax });
  if (result.status === 0) return null;
  return result.error?.message ?? result.stderr.trim().replace(/\s*\n\s*/g, '; ');
}
