/** Live clones of a guest under load, one after the other: what each cost, by the primary's own account and by a client's. */

import { setTimeout as sleep } from 'node:timers/promises';

import { VmftError } from '../base/errors.js';
import { ClientProcess } from '../cli/demo/client-process.js';
import type { DemoNetwork } from '../cli/demo/demo-network.js';
import type { VmftEvent } from '../cli/demo/vmft-process.js';
import type { CloneSample, CloneSamples } from './clone-report.js';
import { BenchGuest } from './guest/bench-guest.js';
import { writerWords } from './guest/guest-plan.js';

export interface ClonePlan {
  readonly clones: number;
  /** Between two times that the guest rewrites 4 MiB. */
  readonly writerPauseMs: number;
}

/** So many digests of state and of what was written since are compared after each clone. */
const comparedMs = 2_000;
const clientMsMax = 60_000;

export async function measureClones(
  network: DemoNetwork,
  plan: ClonePlan,
  progress: (line: string) => void,
): Promise<CloneSamples> {
  const guest = await BenchGuest.boot(network, {
    words: writerWords(plan.writerPauseMs),
    atWork: 'writer: at work',
    primaryOptions: [],
    backupOptions: () => [],
  });
  const client = new ClientProcess(network);
  try {
    await client.counting(clientMsMax);
    const clones: (Omit<CloneSample, 'clientGapMs'> & { fromMs: number; toMs: number })[] = [];
    for (let number = 1; number <= plan.clones; number += 1) {
      const sample = await clone(guest);
      clones.push(sample);
      const { pauseMs, totalMs, sentBytes, rounds, throttle } = sample;
      progress(
        `clone ${number} of ${plan.clones}: pause ${pauseMs.toFixed(1)} ms, ${(totalMs / 1000).toFixed(2)} s in all, ${(sentBytes / 2 ** 20).toFixed(1)} MiB in ${rounds} rounds, slowed by ${Math.round(throttle * 100)} %`,
      );
      await guest.unprotect();
    }
    const result = await client.finish(clientMsMax);
    const longest = (fromMs: number, toMs: number): number => {
      const gaps = result.gaps.filter(([from, to]) => to > fromMs && from < toMs);
      return Math.max(0, ...gaps.map(([from, to]) => to - from));
    };
    return {
      clones: clones.map(({ fromMs, toMs, ...sample }) => ({
        ...sample,
        clientGapMs: longest(fromMs, toMs),
      })),
      clientFaults: result.lost + result.duplicated + (result.connectionSurvived ? 0 : 1),
    };
  } finally {
    client.kill();
    guest.close();
  }
}

async function clone(
  guest: BenchGuest,
): Promise<Omit<CloneSample, 'clientGapMs'> & { fromMs: number; toMs: number }> {
  const { primary } = guest;
  const before = primary.events.length;
  await guest.protect();
  const events = primary.events.slice(before);
  const joining = numbersOf(events, 'joining');
  const formed = numbersOf(events, 'formed');
  const copies = events.filter(({ type }) => type === 'copy');
  await sleep(comparedMs);
  const backup = guest.partner;
  const told = [...backup.events, ...primary.events.slice(before)];
  const statuses = backup.events.filter(({ type }) => type === 'status');
  const [first, last] = [statuses.find(isReplica), statuses.findLast(isReplica)];
  return {
    fromMs: joining.realtimeMs,
    toMs: formed.realtimeMs + 100,
    totalMs: formed.realtimeMs - joining.realtimeMs,
    pauseMs: Number(formed['pauseMs']),
    sentBytes: Number(formed['sentBytes']),
    // The last is that of the pause.
    rounds: Math.max(1, ...copies.map((copy) => Number(copy['round']))),
    throttle: Math.max(0, ...copies.map((copy) => Number(copy['throttle']))),
    comparedMs: (Number(last?.['virtualNs']) - Number(first?.['virtualNs'])) / 1e6,
    diverged: told.some(({ type }) => type === 'diverged'),
  };
}

/** It executes the log, and compares digests as it goes. */
function isReplica({ mode }: VmftEvent): boolean {
  return mode === 'replica';
}

function numbersOf(events: readonly VmftEvent[], type: string): VmftEvent {
  const found = events.find((event) => event.type === type);
  if (found === undefined) throw new VmftError('internal', `the primary did not tell: ${type}`);
  return found;
}
