/** iperf3 between the client's namespace and the guest. See iperf3(1). */

import { z } from 'zod';

import { VmftError } from '../../base/errors.js';
import { systemClock } from '../../flow/world/system-clock.js';
import { guestAddress, type DemoNetwork } from '../../cli/demo/demo-network.js';
import { clientOutput } from '../client-command.js';
import type { Direction } from '../suite/result.js';

/** One transfer, by the client's clock: the guest's own is not asked. */
export interface Transfer {
  readonly mbitPerS: number;
  /** Milliseconds since 1970: between them it was under way. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * In the guest: a server for one transfer, which listens when the command ends. One for all would still be at the end of the last
 * transfer when the next one comes, and reset it.
 */
export function serverCommand(port: number): string {
  const listens = `[0-9A-F]*:${port.toString(16).toUpperCase().padStart(4, '0')} [0-9A-F]*:0000 0A`;
  return [
    `iperf3 --server --one-off --port ${port} --daemon >/dev/null 2>&1 </dev/null`,
    `for try in $(seq 100); do grep -qs '${listens}' /proc/net/tcp /proc/net/tcp6 && break; sleep 0.05; done`,
  ].join('\n');
}

/** While TCP finds its window and the sender's buffer fills. */
const omittedS = 0.5;
const intervalS = 0.1;
/** About what the two need at the end, to tell each other what was measured. */
const closingMs = 100;
/** For what is not the transfer: to connect, and to tell each other what was measured. */
const besidesMsMax = 20_000;

const reportSchema = z.object({
  error: z.string().optional(),
  intervals: z
    .array(
      z.object({
        sum: z.object({ start: z.number(), seconds: z.number().positive(), bytes: z.number() }),
      }),
    )
    .default([]),
});

/**
 * @param port where a server of {@link serverCommand} listens
 * @param durationMs of the time that is measured
 */
export async function transfer(
  network: DemoNetwork,
  port: number,
  direction: Direction,
  durationMs: number,
): Promise<Transfer> {
  const seconds = Math.ceil(durationMs / 1e3 + omittedS);
  const startedMs = systemClock.realtimeMs();
  const output = await clientOutput(
    network,
    [
      ...[
        'iperf3',
        '--client',
        guestAddress,
        '--port',
        String(port),
        '--json',
        '--time',
        String(seconds),
      ],
      ...['--interval', String(intervalS)],
      ...(direction === 'transmit' ? ['--reverse'] : []),
    ],
    seconds * 1e3 + besidesMsMax,
  );
  const endedMs = systemClock.realtimeMs();
  if (output === null) {
    throw new VmftError('internal', 'iperf3 is not installed: it is in the package iperf3');
  }
  const mbitPerS = rateOf(output, omittedS);
  return { mbitPerS, fromMs: startedMs + omittedS * 1e3, untilMs: endedMs - closingMs };
}

/**
 * Of iperf3's JSON report: bytes of the client's intervals that begin `skippedS` or later. Throws `internal` when it says that
 * something failed, or when there is none.
 */
export function rateOf(report: string, skippedS: number): number {
  let parsed: unknown;
  try {
    parsed = JSON.parse(report);
  } catch {
    throw new VmftError('internal', `iperf3 gave no report: ${report.slice(0, 200)}`);
  }
  const { error, intervals } = reportSchema.parse(parsed);
  if (error !== undefined) throw new VmftError('internal', `iperf3 failed: ${error}`);
  const counted = intervals.map(({ sum }) => sum).filter(({ start }) => start >= skippedS);
  const bytes = counted.reduce((all, sum) => all + sum.bytes, 0);
  const seconds = counted.reduce((all, sum) => all + sum.seconds, 0);
  if (seconds === 0) throw new VmftError('internal', 'iperf3 measured nothing');
  return (bytes * 8) / 1e6 / seconds;
}
