/**
 * Measures a machine as a pair against the same machine unprotected. Within one boot the two take turns, so that a
 * host that is busy for a while is so for both.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { VmftError } from '../base/errors.js';
import type { DemoNetwork } from '../cli/demo/demo-network.js';
import { failoverRun } from '../cli/demo/failover-run.js';
import { Narrator } from '../cli/demo/narrator.js';
import { SeededRandom } from '../cli/demo/seeded-random.js';
import { systemClock } from '../flow/world/system-clock.js';
import { median } from './cpu-report.js';
import { BenchGuest } from './guest/bench-guest.js';
import { guestMemoryMiB, planOfMode } from './guest/guest-plan.js';
import type { OfBoth } from './guest/process-cost.js';
import { measureLatency } from './pair-latency.js';
import type {
  IdleSample,
  KillSample,
  LatencyRound,
  PairSamples,
  SpinRound,
  SpinSample,
} from './pair-report.js';

export interface PairPlan {
  /** Turns of unprotected and protected in each phase; also the kills. */
  readonly rounds: number;
  readonly spinMs: number;
  readonly idleMs: number;
  /** Round trips a turn, of each kind. */
  readonly latencyCount: number;
  readonly seed: number;
}

export type Progress = (line: string) => void;

/** After a change of roles: caches fill, the lag settles. */
const settleMs = 1_500;
/** How long the client of a killed primary counts on. */
const afterKillMs = 1_000;

export async function measurePair(
  network: DemoNetwork,
  plan: PairPlan,
  progress: Progress,
): Promise<PairSamples> {
  const overheadBytes: OfBoth[] = [];
  const spin = await measureSpin(network, plan, overheadBytes, progress);
  const { idle, latency } = await measureService(network, plan, overheadBytes, progress);
  const { kills, clientFaults } = await measureKills(network, plan, progress);
  return { spin, idle, latency, kills, clientFaults, overheadBytes };
}

async function measureSpin(
  network: DemoNetwork,
  plan: PairPlan,
  overheadBytes: OfBoth[],
  progress: Progress,
): Promise<SpinRound[]> {
  const guest = await BenchGuest.boot(network, planOfMode('spin'));
  const rounds: SpinRound[] = [];
  try {
    for (let round = 1; round <= plan.rounds; round += 1) {
      const alone = await spinSample(guest, plan.spinMs);
      await guest.protect();
      const pair = await spinSample(guest, plan.spinMs);
      overheadBytes.push(guest.overheadBytes());
      await guest.unprotect();
      rounds.push({ alone, pair });
      progress(
        `spin ${round} of ${plan.rounds}: ${spinText(alone)} unprotected, ${spinText(pair)} protected`,
      );
    }
  } finally {
    guest.close();
  }
  return rounds;
}

function spinText({ unitsPerS, mips }: SpinSample): string {
  return `${unitsPerS.toFixed(1)} units/s (${mips.toFixed(0)} MIPS)`;
}

async function spinSample(guest: BenchGuest, durationMs: number): Promise<SpinSample> {
  await sleep(settleMs);
  const from = guest.status();
  const shownBefore = guest.primary.console.length;
  await sleep(durationMs);
  const to = guest.status();
  return {
    unitsPerS: median(unitRates(guest.primary.console.slice(shownBefore))),
    mips: (ticksOf(to) - ticksOf(from)) / 1e3 / (to.realtimeMs - from.realtimeMs),
  };
}

/** The first whole line speaks of a second that began before. */
function unitRates(console: string): number[] {
  const lines = [...console.matchAll(/^spin: \d+ units, ([\d.]+) a second\r?$/gm)];
  if (lines.length < 2) {
    throw new VmftError('internal', 'the spinning guest printed less than two rates');
  }
  return lines.slice(1).map(([, rate]) => Number(rate));
}

function ticksOf(status: object): number {
  const { position } = status as { position?: { ticks?: number } };
  return Number(position?.ticks ?? NaN);
}

async function measureService(
  network: DemoNetwork,
  plan: PairPlan,
  overheadBytes: OfBoth[],
  progress: Progress,
): Promise<{ idle: IdleSample[]; latency: LatencyRound[] }> {
  const guest = await BenchGuest.boot(network, planOfMode('demo'));
  const idle: IdleSample[] = [];
  const latency: LatencyRound[] = [];
  try {
    for (let round = 1; round <= plan.rounds; round += 1) {
      const alone = await measureLatency(network, plan.latencyCount);
      await guest.protect();
      const sample = await idleSample(guest, plan.idleMs);
      idle.push(sample);
      const pair = await measureLatency(network, plan.latencyCount);
      overheadBytes.push(guest.overheadBytes());
      await guest.unprotect();
      latency.push({ alone, pair });
      progress(
        `service ${round} of ${plan.rounds}: idle log ${sample.logMbitPerS.toFixed(3)} Mbit/s; ` +
          `ping ${trip(alone.ping)} unprotected, ${trip(pair.ping)} protected; ` +
          `TCP ${trip(alone.exchange)}, ${trip(pair.exchange)}`,
      );
    }
  } finally {
    guest.close();
  }
  return { idle, latency };
}

function trip(samples: readonly number[]): string {
  return `${median(samples).toFixed(2)} ms`;
}

async function idleSample(guest: BenchGuest, durationMs: number): Promise<IdleSample> {
  await sleep(settleMs);
  const [fromMs, cpuFrom, from] = [systemClock.realtimeMs(), guest.cpuTimeMs(), guest.status()];
  await sleep(durationMs);
  const [toMs, cpuTo, to] = [systemClock.realtimeMs(), guest.cpuTimeMs(), guest.status()];
  const share = (of: 'primary' | 'backup'): number => (cpuTo[of] - cpuFrom[of]) / (toMs - fromMs);
  const elapsedMs = to.realtimeMs - from.realtimeMs;
  const bytes = Number(to['recordedBytes']) - Number(from['recordedBytes']);
  return {
    logMbitPerS: (bytes * 8) / 1e3 / elapsedMs,
    cpuShare: { primary: share('primary'), backup: share('backup') },
  };
}

async function measureKills(
  network: DemoNetwork,
  plan: PairPlan,
  progress: Progress,
): Promise<{ kills: readonly KillSample[]; clientFaults: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'vmft-bench-'));
  try {
    const result = await failoverRun({
      network,
      arbiter: `file:${folder}`,
      memory: `${guestMemoryMiB}M`,
      narrator: new Narrator(true, true),
      random: new SeededRandom(plan.seed),
      victim: 'primary',
      kills: plan.rounds,
      afterMs: afterKillMs,
    });
    for (const [index, { detectMs, goLiveMs, clientGapMs }] of result.failovers.entries()) {
      progress(
        `kill ${index + 1} of ${plan.rounds}: suspected after ${detectMs} ms, live ${goLiveMs} ms later, client gap ${clientGapMs} ms`,
      );
    }
    const broken = result.connectionSurvived ? 0 : 1;
    return {
      kills: result.failovers,
      clientFaults: result.lost + result.duplicated + broken,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
