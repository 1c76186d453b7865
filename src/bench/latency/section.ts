/**
 * Round trips of ping and of one line each way over TCP, unprotected and protected, with the hosts as near to each other as they are
 * and farther apart. An output waits for the backup's acknowledgement, so what the logging channel needs, the client waits for.
 */

import { setTimeout as sleep } from 'node:timers/promises';

import { ChannelDelay } from '../channel-delay.js';
import { median } from '../cpu-report.js';
import { BenchGuest } from '../guest/bench-guest.js';
import { patiently, planOfMode } from '../guest/guest-plan.js';
import { protectionFault } from '../guest/while-protected.js';
import { VmftError } from '../../base/errors.js';
import type { LatencyRow } from '../suite/result.js';
import type { Section, SectionContext, SuiteOptions } from '../suite/section.js';
import { measureLatency, type LatencyPlan, type LatencySamples } from './probes.js';
import { channelName, RoundTrips } from './round-trips.js';

interface Plan {
  readonly rounds: number;
  /** Of each probe, for each channel, in a round. */
  readonly count: number;
}

/** Added to the channel's round trip. */
const addedMs = [0.1, 1, 5, 10] as const;
const bootMs = 8_000;
const joinMs = 3_000;
/** After a change of roles, and of the channel. */
const settleMs = 1_500;
const settleChannelMs = 300;
const warmUpMs = 500;
/** About what an exchange takes with the pause before it, and a ping, on a near channel. */
const exchangeMs = 8;
const pingIntervalMs = 10;
/** Of two processes. */
const startsMs = 500;

export const latencySection: Section<'latency'> = {
  name: 'latency',
  title: 'Latency',

  expectedMs(options) {
    return bootMs + planOf(options).rounds * roundMs(options);
  },

  async run(context) {
    const { network, options } = context;
    const guest = await BenchGuest.boot(network, patiently(planOfMode('demo')), options);
    try {
      await measureRounds(guest, context);
    } finally {
      guest.close();
    }
  },
};

function planOf({ quick }: SuiteOptions): Plan {
  return quick ? { rounds: 2, count: 100 } : { rounds: 8, count: 250 };
}

function roundMs(options: SuiteOptions): number {
  const { count } = planOf(options);
  const channels = [0, 0, ...addedMs];
  const probes = channels.map(
    (added) =>
      settleChannelMs + startsMs + warmUpMs + count * (exchangeMs + added + probeIntervalMs(added)),
  );
  return joinMs + 2 * settleMs + probes.reduce((sum, ms) => sum + ms, 0);
}

/** So that one ping is over before the next. */
function probeIntervalMs(addedRoundTripMs: number): number {
  return pingIntervalMs + 2 * addedRoundTripMs;
}

/** Throws when the pair falls apart; what was measured before is kept. */
async function measureRounds(
  guest: BenchGuest,
  context: SectionContext<LatencyRow>,
): Promise<void> {
  const { options, rows, leftMs } = context;
  const { rounds } = planOf(options);
  const trips = new RoundTrips();
  try {
    for (let round = 0; round < rounds && (round === 0 || leftMs() > roundMs(options)); round += 1)
      await measureRound(guest, context, trips, round);
  } finally {
    for (const row of trips.rows()) rows.add(row);
    for (const { row, why } of trips.skipped()) rows.skip(row, why);
  }
}

async function measureRound(
  guest: BenchGuest,
  { network, options, progress, joined }: SectionContext<LatencyRow>,
  trips: RoundTrips,
  round: number,
): Promise<void> {
  const { rounds, count } = planOf(options);
  const steps = addedMs.length + 2;
  let step = 0;
  const probe = async (channel: number | null): Promise<void> => {
    progress.doing(channelName(channel), round + step / steps, rounds);
    step += 1;
    const added = channel ?? 0;
    const plan: LatencyPlan = { count, warmUpMs, pingIntervalMs: probeIntervalMs(added) };
    const from = guest.primary.events.length;
    const samples = await measureLatency(network, plan);
    const fault = protectionFault(guest.primary.events.slice(from));
    if (channel !== null && fault !== null) throw new VmftError('internal', fault);
    trips.add(channel, samples);
    progress.line(`${round + 1} of ${rounds}: ${textOf(channel, samples)}`);
  };
  await probe(null);
  const { replication } = await guest.protect();
  joined(replication);
  await sleep(settleMs);
  await probe(0);
  await overDistance(network, trips, async (delay) => {
    for (const added of addedMs) {
      delay.setRoundTrip(added);
      await sleep(settleChannelMs);
      await probe(added);
    }
  });
  await guest.unprotect();
  await sleep(settleMs);
}

/** With a channel whose length can be set; where there can be none, those rows are left out. */
async function overDistance(
  network: SectionContext<LatencyRow>['network'],
  trips: RoundTrips,
  work: (delay: ChannelDelay) => Promise<void>,
): Promise<void> {
  let delay: ChannelDelay;
  try {
    delay = await ChannelDelay.insert(network);
  } catch (error) {
    if (!(error instanceof VmftError && error.code === 'namespace-unavailable')) throw error;
    for (const added of addedMs) trips.refuse(added, error.message);
    return;
  }
  try {
    await work(delay);
  } finally {
    await delay.remove();
  }
}

function textOf(channel: number | null, { ping, exchange }: LatencySamples): string {
  const [pingMs, exchangeMs] = [ping, exchange].map((samples) => median(samples).toFixed(2));
  return `${channelName(channel)}: ping ${pingMs} ms, TCP ${exchangeMs} ms`;
}
