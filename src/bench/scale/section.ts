/** Scale: what protection costs against guest memory, connections, and protected guests on a host. */

import { setTimeout as sleep } from 'node:timers/promises';

import { asVmftError } from '../../base/errors.js';
import { whileAllProtected } from '../guest/while-protected.js';
import { figureOf, ratioOf } from '../suite/figures.js';
import type { ScaleRow, Turn } from '../suite/result.js';
import type { Section, SectionContext } from '../suite/section.js';
import { RowSamples } from './row-samples.js';
import { scalePlan, type ScalePlan } from './scale-plan.js';
import type { Scene, Subject } from './scene.js';
import { ServingGuests } from './serving-guests.js';
import { connectionsSubject, guestsSubject, memorySubject } from './subjects.js';

export const scaleSection: Section<'scale'> = {
  name: 'scale',
  title: 'Scale: memory, connections, protected guests on a host',
  expectedMs: ({ quick }) => scalePlan(quick).expectedMs,
  run: async (context) => {
    const plan = scalePlan(context.options.quick);
    const serving = new ServingGuests(context.network, context.options);
    // Memory comes last: its largest guests take the longest, and are the first to be left out.
    try {
      await measureSubjects(context, plan, [
        connectionsSubject(serving),
        guestsSubject(serving),
        memorySubject(context.network, context.options),
      ]);
    } finally {
      serving.close();
    }
  },
};

type Context = Omit<SectionContext<ScaleRow>, 'network'>;

/**
 * Each row has an equal share of the time that is left when it begins, and at least one join. A row is begun only
 * when there is time for one, by what the row before took for a join.
 */
export async function measureSubjects(
  context: Context,
  plan: ScalePlan,
  subjects: readonly Subject[],
): Promise<void> {
  let rowsLeft = subjects.reduce((sum, { name }) => sum + plan.at[name].length, 0);
  const joins = new JoinCount(context, rowsLeft * plan.joinsMax);
  for (const subject of subjects) {
    let before = { at: 1, joinMs: 0 };
    try {
      for (const at of plan.at[subject.name]) {
        const leftMs = context.leftMs();
        const untilLeftMs = leftMs * (1 - 1 / rowsLeft);
        const expectedMs = before.joinMs * (at / before.at) ** subject.timeGrowth;
        if (leftMs <= expectedMs)
          context.rows.skip(subject.rowName(at), 'too little time was left');
        else
          before = {
            at,
            joinMs: await measureRow(context, plan, { subject, at, untilLeftMs, joins }),
          };
        rowsLeft -= 1;
        joins.done = joins.total - rowsLeft * plan.joinsMax;
      }
    } finally {
      subject.close();
    }
  }
}

/** Of all rows. */
class JoinCount {
  done = 0;

  constructor(
    private readonly context: Context,
    readonly total: number,
  ) {}

  doing(text: string): void {
    this.context.progress.doing(text, this.done, this.total);
  }
}

interface RowTask {
  readonly subject: Subject;
  readonly at: number;
  /** When no more than this is left, its share of time is over. */
  readonly untilLeftMs: number;
  readonly joins: JoinCount;
}

/** Resolves with what a join took, its part of the beginning included; 0 when there was none. */
async function measureRow(context: Context, plan: ScalePlan, task: RowTask): Promise<number> {
  const { subject, at, joins } = task;
  const name = subject.rowName(at);
  const beginLeftMs = context.leftMs();
  const samples = new RowSamples();
  let trouble: string | null = null;
  try {
    joins.doing(`${name}: begins`);
    const scene = await subject.open(at);
    try {
      await takeJoins(context, plan, { ...task, scene, samples });
    } finally {
      scene.end();
    }
  } catch (error) {
    trouble = asVmftError(error).message;
    // Its guests may be in any state.
    subject.reset();
  }
  if (trouble !== null) context.rows.skip(samples.empty ? name : `${name}, further joins`, trouble);
  if (samples.empty) return 0;
  const row = samples.row(subject, at);
  context.rows.add(row);
  context.progress.line(`${name}: ${textOf(row)}`);
  return (beginLeftMs - context.leftMs()) / row.overheadMiB.length;
}

async function takeJoins(
  context: Context,
  plan: ScalePlan,
  task: RowTask & { readonly scene: Scene; readonly samples: RowSamples },
): Promise<void> {
  const { subject, at, joins, scene, samples } = task;
  for (let join = 1; join <= plan.joinsMax; join += 1) {
    joins.doing(`${subject.rowName(at)}: join ${join} of ${plan.joinsMax}`);
    const leftBeforeMs = context.leftMs();
    await oneJoin(context, plan, scene, samples);
    joins.done += 1;
    const tookMs = leftBeforeMs - context.leftMs();
    if (context.leftMs() - tookMs < task.untilLeftMs) return;
  }
}

/** All turns of a join: unprotected before it, protected behind it. */
async function oneJoin(
  { joined }: Context,
  plan: ScalePlan,
  scene: Scene,
  samples: RowSamples,
): Promise<void> {
  const { guests } = scene;
  await sleep(plan.settleMs);
  const alone: number[] = [];
  for (let turn = 0; turn < plan.turnsOfJoin; turn += 1) {
    alone.push(await scene.perSecond(plan.measureMs));
  }
  const joins = await Promise.all(guests.map((guest) => guest.protect()));
  for (const { replication } of joins) joined(replication);
  await sleep(plan.settleMs);
  const turns: Turn[] = [];
  for (const rate of alone) {
    const pair = await whileAllProtected(guests, () => scene.perSecond(plan.measureMs));
    turns.push({ alone: rate, pair: pair.result, logMbitPerS: pair.logMbitPerS });
  }
  samples.add(turns, joins, guests);
  await Promise.all(guests.map((guest) => guest.unprotect()));
}

function textOf({ turns, unit, joinMs, pauseMs }: ScaleRow): string {
  const middle = (values: readonly number[], digits: number): string =>
    figureOf(values).median.toFixed(digits);
  return (
    `${middle(
      turns.map(({ alone }) => alone),
      0,
    )} ${unit} unprotected, ratio ${ratioOf(turns).median.toFixed(2)}, ` +
    `log ${middle(
      turns.map(({ logMbitPerS }) => logMbitPerS),
      2,
    )} Mbit/s, join ${middle(joinMs, 0)} ms, pause ${middle(pauseMs, 0)} ms`
  );
}
