/**
 * The paper's Table 1: what protection costs real programs. In two ways for reads of the disk to reach the backup: in
 * the log, or by reading the shared disk itself (FT paper, 4.2). That is chosen at a guest's start, so each way has a boot, which
 * workloads with the same guest share.
 */

import { isDeepStrictEqual } from 'node:util';

import { asVmftError } from '../../base/errors.js';
import type { DiskReads, Table1Row, Turn } from '../suite/result.js';
import type { Section, SectionContext, SuiteOptions } from '../suite/section.js';
import { compile } from './compile.js';
import { managed } from './managed.js';
import { MeasuredGuest } from './measured-guest.js';
import { oltp } from './oltp.js';
import { takeTurns } from './turns.js';
import { webShop } from './web-shop.js';
import type { Workload, WorkloadGuest } from './workload.js';

interface Plan {
  readonly turns: number;
  /** Of each measurement. */
  readonly windowMs: number;
}

const workloads: readonly Workload[] = [managed, compile, oltp, webShop];
const readsInTurn: readonly DiskReads[] = ['log', 'backup'];

interface RowPlan {
  readonly workload: Workload;
  readonly reads: DiskReads;
}

/** Those that share a boot lie together. */
const rowPlans: readonly RowPlan[] = kindsOfGuest().flatMap((kind) =>
  readsInTurn.flatMap((reads) =>
    workloads
      .filter(({ guest }) => isDeepStrictEqual(guest, kind))
      .map((workload) => ({ workload, reads })),
  ),
);

function kindsOfGuest(): WorkloadGuest[] {
  const guests = workloads.map(({ guest }) => guest);
  return guests.filter(
    (guest, index) => guests.findIndex((other) => isDeepStrictEqual(other, guest)) === index,
  );
}

/** A boot, or half of one, what a workload does before it is warm, and its end. */
const startMs = 12_000;
/** Of a turn: half of a join and of an end of a backup, and settling. */
const changeMs = 4_000;

function planOf({ quick }: SuiteOptions): Plan {
  return quick ? { turns: 2, windowMs: 3_000 } : { turns: 6, windowMs: 12_000 };
}

function turnMs({ windowMs }: Plan): number {
  return 2 * windowMs + changeMs;
}

function rowMs(plan: Plan, turns: number): number {
  return startMs + turns * turnMs(plan);
}

export const table1Section: Section<'table1'> = {
  name: 'table1',
  title: 'Table 1: real programs',
  expectedMs: (options) => rowPlans.length * rowMs(planOf(options), planOf(options).turns),
  run: async (context) => {
    const plan = planOf(context.options);
    let guest: MeasuredGuest | null = null;
    try {
      for (const [index, rowPlan] of rowPlans.entries()) {
        if (context.leftMs() < rowMs(plan, 1)) {
          context.rows.skip(rowName(rowPlan), 'no time was left');
        } else guest = await measureRow(context, plan, rowPlan, index, guest);
      }
    } finally {
      await guest?.close();
    }
  },
};

function rowName({ workload, reads }: RowPlan): string {
  return `${workload.name}, ${reads === 'log' ? 'reads logged' : 'reads on the backup'}`;
}

/**
 * Adds the row with the turns that came to their end, or says why there is none. Returns the guest that goes on; null when it did
 * not come through.
 * @param last the guest of the row before; it is closed when this one needs another
 */
async function measureRow(
  context: SectionContext<Table1Row>,
  plan: Plan,
  rowPlan: RowPlan,
  index: number,
  last: MeasuredGuest | null,
): Promise<MeasuredGuest | null> {
  const { progress, rows, leftMs } = context;
  const { workload, reads } = rowPlan;
  const name = rowName(rowPlan);
  const turns: Turn[] = [];
  const [before, total] = [index * plan.turns, rowPlans.length * plan.turns];
  // A row that takes longer than thought leaves the others a turn each.
  const othersMs = (rowPlans.length - index - 1) * rowMs(plan, 1);
  let guest = last;
  try {
    progress.doing(`${name}: starts`, before, total);
    if (guest?.is(workload.guest, reads) !== true) {
      await guest?.close();
      guest = null;
      guest = await MeasuredGuest.boot(context, workload.guest, reads, plan.windowMs);
    }
    await guest.start(workload);
    await takeTurns(
      plan.turns,
      guest,
      () => leftMs() > turnMs(plan) + othersMs,
      (turn) => {
        turns.push(turn);
        progress.doing(name, before + turns.length, total);
        progress.line(`${name}, ${turns.length} of ${plan.turns}: ${textOf(turn, workload.unit)}`);
      },
    );
    await guest.stop();
  } catch (error) {
    rows.skip(turns.length === 0 ? name : `${name}, further turns`, asVmftError(error).message);
    await guest?.close();
    guest = null;
  }
  if (turns.length > 0) rows.add({ workload: workload.name, reads, unit: workload.unit, turns });
  return guest;
}

function textOf({ alone, pair, logMbitPerS }: Turn, unit: string): string {
  const ratio = (pair / alone).toFixed(2);
  return `${alone.toFixed(1)} ${unit} unprotected, ${pair.toFixed(1)} protected (${ratio}), log ${logMbitPerS.toFixed(2)} Mbit/s`;
}
