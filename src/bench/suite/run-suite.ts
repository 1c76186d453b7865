/** The sections in turn, each in its share of the time; what was measured until then is never lost. */

import type { Clock } from '../../base/clock.js';
import { asVmftError } from '../../base/errors.js';
import {
  resultVersion,
  type BenchResult,
  type MachineFacts,
  type SectionName,
  type SectionResult,
  type SectionRow,
  type SkippedRow,
} from './result.js';
import type { SectionRunner } from './section-child.js';
import type { SectionProgress, SuiteOptions } from './section.js';
import { budgetMs, graceMs, shareOfFirst } from './time-budget.js';

export interface SuitePlan {
  /** In the order in which they are measured. */
  readonly sections: readonly SectionName[];
  readonly options: SuiteOptions;
  /** As typed. */
  readonly command: string;
  /** Measures one section alone. */
  readonly commandOf: (section: SectionName) => string;
}

export interface SuiteProgress extends SectionProgress {
  /** A section begins, the `number`th of `of`, and takes about so long. */
  section(name: SectionName, number: number, of: number, aboutMs: number): void;
  /** It is over. */
  over(name: SectionName, rows: number, skipped: readonly SkippedRow[]): void;
}

/** The world of a suite. */
export interface SuiteWorld {
  readonly clock: Clock;
  readonly machine: () => MachineFacts;
  readonly expectedMs: (section: SectionName, options: SuiteOptions) => number;
  readonly runSection: SectionRunner;
  readonly progress: SuiteProgress;
  /** Aborted when a person wants no more of it. */
  readonly interrupted: AbortSignal;
}

/** What a section cannot measure is in the result, with the reason. */
export async function runSuite(plan: SuitePlan, world: SuiteWorld): Promise<BenchResult> {
  const { clock } = world;
  const { options, command } = plan;
  const startedAtMs = Math.round(clock.realtimeMs());
  const beginMs = clock.nowMs();
  const machine = world.machine();
  const pace = options.quick ? 'quick' : 'full';
  const measured = new Map<SectionName, SectionResult<SectionRow[SectionName]>>();
  let replication: string | null = null;
  for (const [index, section] of plan.sections.entries()) {
    const expected = plan.sections
      .slice(index)
      .map((name) => [name, world.expectedMs(name, options)] as const);
    const endMs = beginMs + budgetMs[pace];
    const share = shareOfFirst(expected, clock.nowMs(), endMs, graceMs[pace]);
    const aboutMs = world.expectedMs(section, options);
    world.progress.section(section, index + 1, plan.sections.length, aboutMs);
    const outcome = await measureSection({ section, options, ...share }, world);
    replication ??= outcome.replication;
    measured.set(section, { ...outcome.result, command: plan.commandOf(section) });
    world.progress.over(section, outcome.result.rows.length, outcome.result.skipped);
  }
  const result = <Name extends SectionName>(name: Name): SectionResult<SectionRow[Name]> | null =>
    (measured.get(name) as SectionResult<SectionRow[Name]> | undefined) ?? null;
  return {
    version: resultVersion,
    startedAtMs,
    durationMs: Math.round(clock.nowMs() - beginMs),
    command,
    quick: options.quick,
    accelerator: options.accelerator.name,
    replication,
    machine,
    sections: {
      table1: result('table1'),
      table2: result('table2'),
      latency: result('latency'),
      failover: result('failover'),
      idle: result('idle'),
      scale: result('scale'),
    },
  };
}

interface SectionTurn {
  readonly section: SectionName;
  readonly options: SuiteOptions;
  readonly softEndMs: number;
  readonly hardEndMs: number;
}

interface SectionOutcome {
  readonly result: Omit<SectionResult<SectionRow[SectionName]>, 'command'>;
  readonly replication: string | null;
}

async function measureSection(turn: SectionTurn, world: SuiteWorld): Promise<SectionOutcome> {
  const { clock, progress, interrupted } = world;
  const { section, options, softEndMs, hardEndMs } = turn;
  const beginMs = clock.nowMs();
  const rows: SectionRow[SectionName][] = [];
  const skipped: SkippedRow[] = [];
  let replication: string | null = null;
  let doing = '';
  const why = interrupted.aborted
    ? byAPerson
    : await withinTime(hardEndMs, world, (stop) =>
        world.runSection(
          { section, options, softEndMs },
          (message) => {
            if (message.type === 'line') progress.line(message.text);
            else if (message.type === 'doing') {
              doing = message.text;
              progress.doing(message.text, message.done, message.total);
            } else if (message.type === 'row') rows.push(message.row);
            else if (message.type === 'skip') skipped.push({ row: message.row, why: message.why });
            else replication ??= message.replication;
          },
          stop,
        ),
      );
  if (why !== null) {
    const from = doing === '' ? '' : `, from “${doing}” on`;
    const all = rows.length + skipped.length === 0;
    skipped.push({ row: `${all ? 'all rows' : 'the further rows'}${from}`, why });
  }
  return {
    result: { rows, skipped, durationMs: Math.round(clock.nowMs() - beginMs) },
    replication,
  };
}

const byAPerson = 'interrupted';

/** Stops what runs when its time is over or a person wants it; resolves with why it did not come to its end, or null. */
async function withinTime(
  endMs: number,
  { clock, interrupted }: SuiteWorld,
  run: (stop: AbortSignal) => Promise<string | null>,
): Promise<string | null> {
  const overtime = new AbortController();
  const leftMs = Math.max(0, endMs - clock.nowMs());
  const cancel = clock.after(leftMs, () => {
    overtime.abort();
  });
  try {
    const stop = AbortSignal.any([overtime.signal, interrupted]);
    const why = await run(stop).catch((thrown: unknown) => asVmftError(thrown).message);
    if (interrupted.aborted) return byAPerson;
    if (overtime.signal.aborted) {
      return `ended after ${Math.round(leftMs / 1000)} s: its share of the time was over`;
    }
    return why;
  } finally {
    cancel();
  }
}
