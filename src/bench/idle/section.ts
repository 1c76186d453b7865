/**
 * Idle: what a guest costs that has nothing to do: its log, and the processor's time of both replicas. Once left alone, and once as
 * hosts on a network are not: sent a ping each second.
 */

import { setTimeout as sleep } from 'node:timers/promises';

import { guestAddress, type DemoNetwork } from '../../cli/demo/demo-network.js';
import { systemClock } from '../../flow/world/system-clock.js';
import { clientOutput } from '../client-command.js';
import { BenchGuest } from '../guest/bench-guest.js';
import { planOfMode } from '../guest/guest-plan.js';
import { cpuTimeMs } from '../guest/process-cost.js';
import { whileProtected } from '../guest/while-protected.js';
import type { IdleRow, IdleTurn } from '../suite/result.js';
import type { Section, SectionContext } from '../suite/section.js';

interface IdlePlan {
  readonly turns: number;
  /** Each kind of guest, unprotected, and again protected. */
  readonly watchMs: number;
}

const planOf = (quick: boolean): IdlePlan =>
  quick ? { turns: 2, watchMs: 1_500 } : { turns: 4, watchMs: 5_000 };

const bootMs = 5_000;
/** Of a turn: a join, settling twice, the backup's end. */
const changesMs = 4_000;
/** After a change of roles: caches fill, timers find their rhythm. */
const settleMs = 1_000;
const pingMsMax = 5_000;
/** What it is where nobody asks for something else: each line wakes the replica. */
const statusEveryMs = 1_000;

type Kind = IdleRow['guest'];

export const idleSection: Section<'idle'> = {
  name: 'idle',
  title: 'Idle',
  expectedMs: ({ quick }) => {
    const { turns, watchMs } = planOf(quick);
    return bootMs + turns * (4 * watchMs + changesMs);
  },
  run: measureIdle,
};

async function measureIdle(context: SectionContext<IdleRow>): Promise<void> {
  const { network, options, progress, rows } = context;
  const plan = planOf(options.quick);
  const guest = await BenchGuest.boot(network, planOfMode('demo'), { ...options, statusEveryMs });
  const measured = new Map<Kind, IdleTurn[]>([['idle', []]]);
  try {
    const ping = ['ping', '-n', '-c', '1', guestAddress];
    if ((await clientOutput(network, ping, pingMsMax)) !== null)
      measured.set('idle with network', []);
    else rows.skip('idle with network', 'ping is not installed: Debian package iputils-ping');
    for (let turn = 1; turn <= plan.turns; turn += 1) {
      // The first is measured at any rate: there is some time beyond the share.
      if (turn > 1 && context.leftMs() < changesMs) break;
      progress.doing('an idle guest', turn - 1, plan.turns);
      for (const [kind, sample] of await measureTurn(context, guest, [...measured.keys()], plan)) {
        measured.get(kind)?.push(sample);
        progress.line(`${turn} of ${plan.turns}, ${kind}: ${textOf(sample)}`);
      }
    }
  } finally {
    guest.close();
    for (const [kind, turns] of measured) {
      if (turns.length > 0) rows.add({ guest: kind, turns });
    }
  }
}

async function measureTurn(
  { network, joined }: SectionContext<IdleRow>,
  guest: BenchGuest,
  kinds: readonly Kind[],
  { watchMs }: IdlePlan,
): Promise<[Kind, IdleTurn][]> {
  await sleep(settleMs);
  const alone = new Map<Kind, number>();
  for (const kind of kinds) {
    const shares = await withTraffic(kind, network, () =>
      cpuShares([guest.primary.processId], watchMs),
    );
    alone.set(kind, shares[0] ?? NaN);
  }
  joined((await guest.protect()).replication);
  await sleep(settleMs);
  const turns: [Kind, IdleTurn][] = [];
  const processIds = [guest.primary.processId, guest.partner.processId];
  for (const kind of kinds) {
    const { result, logMbitPerS } = await withTraffic(kind, network, () =>
      whileProtected(guest, () => cpuShares(processIds, watchMs)),
    );
    const [cpuPrimary = NaN, cpuBackup = NaN] = result;
    turns.push([kind, { logMbitPerS, cpuAlone: alone.get(kind) ?? NaN, cpuPrimary, cpuBackup }]);
  }
  await guest.unprotect();
  return turns;
}

/** Watches with what the kind of guest is sent meanwhile. */
async function withTraffic<Result>(
  kind: Kind,
  network: DemoNetwork,
  watch: () => Promise<Result>,
): Promise<Result> {
  if (kind === 'idle') return watch();
  const ping = network.client.spawn(['ping', '-n', '-q', '-i', '1', guestAddress], 'ignore');
  try {
    return await watch();
  } finally {
    ping.kill('SIGKILL');
  }
}

/** Of one processor, 0 to 1, by each process. */
async function cpuShares(processIds: readonly number[], durationMs: number): Promise<number[]> {
  const fromMs = systemClock.nowMs();
  const before = processIds.map(cpuTimeMs);
  await sleep(durationMs);
  const elapsedMs = systemClock.nowMs() - fromMs;
  return processIds.map((id, index) => (cpuTimeMs(id) - (before[index] ?? NaN)) / elapsedMs);
}

function textOf({ logMbitPerS, cpuAlone, cpuPrimary, cpuBackup }: IdleTurn): string {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  return `log ${logMbitPerS.toFixed(3)} Mbit/s; of a processor ${percent(cpuAlone)} unprotected, ${percent(cpuPrimary)} and ${percent(cpuBackup)} as a pair`;
}
