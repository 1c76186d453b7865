import { setTimeout as sleep } from 'node:timers/promises';

import { systemClock } from '../../flow/world/system-clock.js';
import { ClientProcess } from './client-process.js';
import type { ClientResult } from './counter-client.js';
import { DemoPair, type PairOptions } from './demo-pair.js';
import type { Failover, RunResult } from './failover-result.js';
import type { SeededRandom } from './seeded-random.js';
import type { VmftEvent } from './vmft-process.js';

export interface RunOptions extends PairOptions {
  readonly random: SeededRandom;
  readonly victim: 'primary' | 'backup' | 'random';
  readonly kills: number;
  /** How long the client goes on counting after it was answered again. */
  readonly afterMs: number;
  /** The kill comes this long after the pair is formed and the client counts; longer on slow hosts. Left out: half a second to four. */
  readonly killAfterMs?: { readonly min: number; readonly max: number };
  /** Told when the client is answered again, with how many kills there were. */
  readonly onKill?: (kills: number) => void;
}

const usualKillAfterMs = { min: 500, max: 4_000 } as const;
const clientMsMax = 60_000;

interface Kill {
  readonly victim: 'primary' | 'backup';
  readonly killedAtMs: number;
  readonly suspectedAtMs: number;
  readonly liveAtMs: number;
  /** Until when what the client saw is this kill's: the next change to the pair. */
  readonly untilMs: number;
}

/** Boots a guest, protects it, has a client count, and kills one replica after the other. */
export async function failoverRun(options: RunOptions): Promise<RunResult> {
  const { narrator, network } = options;
  const pair = await DemoPair.boot(options);
  let client: ClientProcess | null = null;
  try {
    await pair.protect();
    client = new ClientProcess(network);
    await client.counting(clientMsMax * (options.slowness ?? 1));
    narrator.step('the client counts over one TCP connection');
    const kills: Kill[] = [];
    const logRates: number[] = [];
    let answered = true;
    for (let round = 0; round < options.kills && answered; round += 1) {
      if (round > 0) await pair.protect();
      const { kill, logMbitPerS } = await killOne(pair, client, options);
      logRates.push(logMbitPerS);
      answered = await client.answeredAfter(kill.liveAtMs, clientMsMax);
      narrator.step(
        answered ? 'the same connection goes on' : 'the client is not answered any more',
      );
      if (answered) await sleep(options.afterMs);
      kills.push({ ...kill, untilMs: systemClock.realtimeMs() });
      options.onKill?.(kills.length);
    }
    const result = await client.finish(2 * clientMsMax);
    const rate = logRates.reduce((sum, value) => sum + value, 0) / Math.max(1, logRates.length);
    const failovers = kills.map((kill) => failoverOf(kill, result));
    const { increments, lost, duplicated, connectionSurvived, trouble } = result;
    return {
      ...{ increments, lost, duplicated, trouble, failovers },
      connectionSurvived: connectionSurvived && answered,
      logMbitPerS: Number(rate.toFixed(3)),
    };
  } finally {
    client?.kill();
    pair.close();
  }
}

async function killOne(
  pair: DemoPair,
  client: ClientProcess,
  options: RunOptions,
): Promise<{ kill: Omit<Kill, 'untilMs'>; logMbitPerS: number }> {
  const { narrator, random, slowness = 1, killAfterMs = usualKillAfterMs } = options;
  const chosen = random.next() < 0.5 ? 'primary' : 'backup';
  const victim = options.victim === 'random' ? chosen : options.victim;
  const logFrom = pair.primary.events.length;
  await sleep(random.between(killAfterMs.min, killAfterMs.max) * slowness);
  const logMbitPerS = logRate(pair.primary.events.slice(logFrom));

  const survivor = victim === 'primary' ? pair.backup : pair.primary;
  const eventsBefore = survivor?.events.length ?? 0;
  const dying = victim === 'primary' ? pair.primary.host : pair.backup?.host;
  const killedAtMs = pair.kill(victim);
  const total = client.answers;
  narrator.step(
    `SIGKILL to the ${victim} on host ${dying?.label ?? '?'}, after about ${total} increments`,
    killedAtMs,
  );
  const survival = await pair.survived(victim, eventsBefore);
  const since = (atMs: number): string => `+${Math.round(atMs - killedAtMs)} ms`;
  narrator.step(
    `${since(survival.suspectedAtMs)}: the ${victim} is suspected`,
    survival.suspectedAtMs,
  );
  narrator.step(
    victim === 'primary'
      ? `${since(survival.liveAtMs)}: the backup has won the arbitration and is live`
      : `${since(survival.liveAtMs)}: the primary has won the arbitration and goes on alone`,
    survival.liveAtMs,
  );
  return { kill: { victim, killedAtMs, ...survival }, logMbitPerS };
}

/** From the primary's status lines. */
function logRate(events: readonly VmftEvent[]): number {
  const samples = events.filter(({ type }) => type === 'status');
  const [first, last] = [samples[0], samples[samples.length - 1]];
  if (first === undefined || last === undefined || first === last) return NaN;
  const bytes = Number(last['recordedBytes']) - Number(first['recordedBytes']);
  return (bytes * 8) / 1e3 / (last.realtimeMs - first.realtimeMs);
}

function failoverOf(kill: Kill, result: ClientResult): Failover {
  const { victim, killedAtMs, suspectedAtMs, liveAtMs, untilMs } = kill;
  const gaps = result.gaps
    .filter(([from, to]) => to > killedAtMs && from < untilMs)
    .map(([from, to]) => to - from);
  const round = (value: number): number => Number(value.toFixed(1));
  return {
    victim,
    killedAtMs,
    detectMs: round(suspectedAtMs - killedAtMs),
    goLiveMs: round(liveAtMs - suspectedAtMs),
    clientGapMs: round(Math.max(0, ...gaps)),
  };
}
