import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { ClientProcess } from '../../../src/cli/demo/client-process.js';
import { counterPort, DemoNetwork, tapName } from '../../../src/cli/demo/demo-network.js';
import { DemoPair, type PairGuest } from '../../../src/cli/demo/demo-pair.js';
import { Narrator } from '../../../src/cli/demo/narrator.js';
import { SeededRandom } from '../../../src/cli/demo/seeded-random.js';
import { guestAddress, guestPrefixBits } from '../../../src/cli/demo/demo-network.js';
import { framesWritten } from '../tap-counter.js';

export interface LaneOrder {
  readonly number: number;
  readonly times: number;
  readonly seed: number;
  readonly frozenMs: number;
  readonly folder: string;
  readonly resultPath: string;
}

/** What one old primary showed, as seen at its tap and at the pipe of its console. */
export interface Freeze {
  /** While it was the pair's primary: that these are not 0 shows that looking there finds what is shown. */
  readonly framesBefore: number;
  readonly bytesBefore: number;
  /** From when it went on to its end. */
  readonly framesAfter: number;
  readonly bytesAfter: number;
  /** From the stop to the other's being live, and from its going on to its end. */
  readonly liveMs: number;
  readonly endMs: number;
}

export interface LaneResult {
  readonly freezes: readonly Freeze[];
  readonly faults: readonly string[];
  readonly increments: number;
}

/** Says something all the time, on the console and counts for a client. */
const talker: PairGuest = {
  name: 'Debian’s kernel, talking all the time',
  words: [
    'debian',
    '--append',
    `vmft.mode=run vmft.ip=${guestAddress}/${guestPrefixBits} -- sh -c "counter ${counterPort} & while :; do echo talk; usleep 4000; done"`,
  ],
  servesText: 'vmft-guest: counter on port',
};

/** What was in the pipe before the stop is read by then. */
const pipeEmptyMs = 300;
const stopAfterMs = { min: 300, max: 3_000 } as const;
const takeoverMsMax = 60_000;
const exitStatusArbitrationLost = 'status 48';

/** Boots a guest, protects it, and stops one primary after the other. */
export async function freezeLane(order: LaneOrder): Promise<LaneResult> {
  const narrator = new Narrator(true, true);
  const random = new SeededRandom(order.seed);
  const faults: string[] = [];
  const freezes: Freeze[] = [];
  let increments = 0;
  mkdirSync(order.folder, { recursive: true });
  const network = await DemoNetwork.create();
  let pair: DemoPair | null = null;
  let client: ClientProcess | null = null;
  const arbiter = `file:${order.folder}`;
  try {
    pair = await DemoPair.boot({ network, arbiter, memory: '96M', narrator, guest: talker });
    await pair.protect();
    client = new ClientProcess(network);
    await client.counting(takeoverMsMax);
    for (let round = 1; round <= order.times; round += 1) {
      const freeze = await freezeOne(pair, client, random, order.frozenMs);
      freezes.push(freeze);
      const { framesAfter, bytesAfter, framesBefore, bytesBefore, liveMs, endMs } = freeze;
      const text = `pair ${order.number + 1}, freeze ${round} of ${order.times}: live after ${liveMs} ms; the old primary ended after ${endMs} ms and showed ${framesAfter} frames, ${bytesAfter} bytes (${framesBefore} and ${bytesBefore} before)`;
      console.log(text);
      if (framesAfter + bytesAfter > 0) faults.push(text);
      if (framesBefore === 0 || bytesBefore === 0) faults.push(`nothing was seen before: ${text}`);
      if (round < order.times) await pair.protect();
    }
    const result = await client.finish(takeoverMsMax);
    increments = result.increments;
    if (result.lost + result.duplicated > 0 || !result.connectionSurvived) {
      faults.push(
        `of ${result.increments} increments ${result.lost} were lost, ${result.duplicated} doubled; ${result.trouble ?? 'connection kept'}`,
      );
    }
  } catch (error) {
    faults.push(`pair ${order.number + 1}: ${error instanceof Error ? error.message : 'failed'}`);
  } finally {
    client?.kill();
    pair?.close();
    network.close();
  }
  return { freezes, faults, increments };
}

async function freezeOne(
  pair: DemoPair,
  client: ClientProcess,
  random: SeededRandom,
  frozenMs: number,
): Promise<Freeze> {
  const { primary, backup } = pair;
  if (backup === null) throw new Error('bug: there is no pair');
  const { namespace } = primary.host;
  const frames = (): Promise<number> => framesWritten(namespace, tapName);
  const [framesFirst, bytesFirst] = [await frames(), primary.console.length];
  await sleep(random.between(stopAfterMs.min, stopAfterMs.max));
  primary.freeze();
  const stoppedMs = performance.now();
  const live = await backup.event('live', takeoverMsMax);
  const liveMs = Math.round(performance.now() - stoppedMs);
  await sleep(Math.max(pipeEmptyMs, frozenMs - liveMs));
  const [framesStopped, bytesStopped] = [await frames(), primary.console.length];
  primary.thaw();
  const thawedMs = performance.now();
  const end = await primary.ends(takeoverMsMax);
  const endMs = Math.round(performance.now() - thawedMs);
  if (end !== exitStatusArbitrationLost) throw new Error(`the old primary ended with ${end}`);
  await sleep(pipeEmptyMs);
  const [framesLast, bytesLast] = [await frames(), primary.console.length];
  pair.goesOn(backup);
  if (!(await client.answeredAfter(live.realtimeMs + frozenMs, takeoverMsMax))) {
    throw new Error('the client is not answered any more');
  }
  return {
    framesBefore: framesStopped - framesFirst,
    bytesBefore: bytesStopped - bytesFirst,
    framesAfter: framesLast - framesStopped,
    bytesAfter: bytesLast - bytesStopped,
    ...{ liveMs, endMs },
  };
}
