/**
 * Replay against checkpoints: the same guests on the demo's two hosts, replicated by the one and by the other in turns, each
 * against itself unprotected just before.
 */

import { setTimeout as sleep } from 'node:timers/promises';

import type { DemoNetwork } from '../cli/demo/demo-network.js';
import type { VmftEvent } from '../cli/demo/vmft-process.js';
import type { Replication } from '../flow/machine/machine.js';
import { BenchGuest } from './guest/bench-guest.js';
import { planOfMode, type GuestMode } from './guest/guest-plan.js';
import { logMbitPerS } from './guest/while-protected.js';
import { measureLatency, usualLatencyPlan } from './latency/probes.js';
import type { ReplicationSample, WorkSample } from './replication-report.js';

export interface ReplicationPlan {
  readonly rounds: number;
  readonly workMs: number;
  readonly idleMs: number;
  /** Round trips of each kind, unprotected and protected. */
  readonly latencyCount: number;
}

/** After a change of roles: caches fill, the lag settles, epochs find their length. */
const settleMs = 2_000;

export async function measureReplication(
  network: DemoNetwork,
  plan: ReplicationPlan,
  progress: (line: string) => void,
): Promise<ReplicationSample[]> {
  const samples: ReplicationSample[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    // Who comes first changes, so that a host that grows busy is so for both.
    const order: readonly Replication[] =
      round % 2 === 0 ? ['replay', 'checkpoint'] : ['checkpoint', 'replay'];
    for (const replication of order) {
      const sample: ReplicationSample = {
        replication,
        spin: await measureWork(network, 'spin', replication, plan.workMs),
        writer: await measureWork(network, 'writer', replication, plan.workMs),
        ...(await measureService(network, replication, plan)),
      };
      samples.push(sample);
      progress(
        `round ${round + 1} of ${plan.rounds}, ${replication}: ` +
          `CPU-bound ${share(sample.spin)}, writer ${share(sample.writer)}, idle ${sample.idleMbitPerS.toFixed(2)} Mbit/s`,
      );
    }
  }
  return samples;
}

async function guestOf(
  network: DemoNetwork,
  mode: GuestMode,
  replication: Replication,
): Promise<BenchGuest> {
  return BenchGuest.boot(network, planOfMode(mode), { replication });
}

async function measureWork(
  network: DemoNetwork,
  mode: GuestMode,
  replication: Replication,
  durationMs: number,
): Promise<WorkSample> {
  const guest = await guestOf(network, mode, replication);
  try {
    const alone = await rates(guest, durationMs);
    await guest.protect();
    const pair = await rates(guest, durationMs);
    return { aloneMips: alone.mips, pairMips: pair.mips, mbitPerS: pair.mbitPerS };
  } finally {
    guest.close();
  }
}

async function measureService(
  network: DemoNetwork,
  replication: Replication,
  plan: ReplicationPlan,
): Promise<Pick<ReplicationSample, 'idleMbitPerS' | 'alone' | 'pair'>> {
  const guest = await guestOf(network, 'demo', replication);
  try {
    const alone = await measureLatency(network, usualLatencyPlan(plan.latencyCount));
    await guest.protect();
    const { mbitPerS } = await rates(guest, plan.idleMs);
    const pair = await measureLatency(network, usualLatencyPlan(plan.latencyCount));
    return { idleMbitPerS: mbitPerS, alone, pair };
  } finally {
    guest.close();
  }
}

/** By the host's clock: a guest whose own were slow would not look fast here. */
async function rates(
  guest: BenchGuest,
  durationMs: number,
): Promise<{ mips: number; mbitPerS: number }> {
  await sleep(settleMs);
  const from = guest.status();
  await sleep(durationMs);
  const to = guest.status();
  return {
    mips: (ticksOf(to) - ticksOf(from)) / 1e3 / (to.realtimeMs - from.realtimeMs),
    mbitPerS: logMbitPerS(from, to),
  };
}

function ticksOf(status: VmftEvent): number {
  const { ticks } = (status['position'] ?? {}) as { ticks?: number };
  return Number(ticks ?? NaN);
}

function share({ aloneMips, pairMips, mbitPerS }: WorkSample): string {
  return `${(pairMips / aloneMips).toFixed(3)} of ${aloneMips.toFixed(0)} MIPS at ${mbitPerS.toFixed(1)} Mbit/s`;
}
