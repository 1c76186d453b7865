/** The logging network made as slow as another one would be, by tc(8) on both of its ends. Linux only; see tc-tbf(8). */

import { spawnSync } from 'node:child_process';

import { VmftError } from '../base/errors.js';
import type { DemoHost, DemoNetwork } from '../cli/demo/demo-network.js';

/** Of each host, on the logging network. */
const logDevice = 'log0';
/** What may leave at once, in time at the full rate; beyond a timer's lateness, or the rate would not be reached. */
const burstMs = 1;
/** What may wait, in time at the full rate: about a switch's buffer. */
const queueMs = 10;
const tcMsMax = 10_000;

/**
 * Limits what each of the two hosts sends to the other, which makes a full-duplex link of that rate; null: no limit. Until `work`
 * has ended. Throws `namespace-unavailable` when tc or the kernel's scheduler is missing.
 */
export async function withChannelRate<Result>(
  network: DemoNetwork,
  gbitPerS: number | null,
  work: () => Promise<Result>,
): Promise<Result> {
  if (gbitPerS === null) return work();
  const hosts = [network.a, network.b];
  try {
    for (const host of hosts) setRate(host, gbitPerS);
    return await work();
  } finally {
    for (const host of hosts) removeRate(host);
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

function setRate(host: DemoHost, gbitPerS: number): void {
  const why = tc(host, ['qdisc', 'replace', 'dev', logDevice, ...rateWords(gbitPerS)]);
  if (why === null) return;
  throw new VmftError(
    'namespace-unavailable',
    `the logging network of host ${host.label} cannot be limited to ${gbitPerS} Gbit/s: ${why}`,
    'the kernel needs its module sch_tbf, and the system its package iproute2',
  );
}

/** One that has none is left as it is. */
function removeRate(host: DemoHost): void {
  tc(host, ['qdisc', 'del', 'dev', logDevice, 'root']);
}

/** What was wrong; null: nothing. */
function tc({ namespace }: DemoHost, options: readonly string[]): string | null {
  const [program = '', ...words] = namespace.inside(['tc', ...options]);
  const result = spawnSync(program, words, { encoding: 'utf8', timeout: tcMsMax });
  if (result.status === 0) return null;
  return result.error?.message ?? result.stderr.trim().replace(/\s*\n\s*/g, '; ');
}
