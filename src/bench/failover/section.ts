/**
 * Failover: the primary is killed again and again while a client counts over one TCP connection. Detection, going live, and the
 * client's longest wait, for each kill.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { asVmftError } from '../../base/errors.js';
import type { RunResult } from '../../cli/demo/failover-result.js';
import { failoverRun } from '../../cli/demo/failover-run.js';
import { Narrator } from '../../cli/demo/narrator.js';
import { SeededRandom } from '../../cli/demo/seeded-random.js';
import type { FailoverRow } from '../suite/result.js';
import type { Section, SectionContext } from '../suite/section.js';
import { killsOfBoot, failoverPlan } from './plan.js';

export const failoverSection: Section<'failover'> = {
  name: 'failover',
  title: 'Failover',
  expectedMs: ({ quick }) => failoverPlan(quick).expectedMs,
  run: measureFailovers,
};

async function measureFailovers(context: SectionContext<FailoverRow>): Promise<void> {
  const { options, progress, rows } = context;
  const plan = failoverPlan(options.quick);
  const folder = mkdtempSync(join(tmpdir(), 'vmft-bench-'));
  let kills = 0;
  try {
    for (let boot = 1; kills < plan.kills; boot += 1) {
      if (boot > plan.bootsMax) {
        rows.skip(`kills ${kills + 1} to ${plan.kills}`, `${plan.bootsMax} boots were not enough`);
        return;
      }
      const number = killsOfBoot(plan, kills, context.leftMs());
      if (number === 0) {
        rows.skip(`kills ${kills + 1} to ${plan.kills}`, 'the time of this section was over');
        return;
      }
      try {
        const result = await killsInOneBoot(context, folder, boot, kills, number);
        kills += result.failovers.length;
        rows.add(rowOf(result));
        progress.line(textOf(result, boot));
      } catch (thrown) {
        rows.skip(`the kills of boot ${boot}`, asVmftError(thrown).message);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** With the suspicion's usual times: they are what is measured. */
function killsInOneBoot(
  { network, options, progress, joined }: SectionContext<FailoverRow>,
  folder: string,
  boot: number,
  killsBefore: number,
  kills: number,
): Promise<RunResult> {
  const plan = failoverPlan(options.quick);
  const doing = (done: number): void => {
    progress.doing('killing the primary', killsBefore + done, plan.kills);
  };
  doing(0);
  return failoverRun({
    network,
    arbiter: `file:${folder}`,
    memory: '256M',
    accelerator: options.accelerator,
    replication: options.replication,
    narrator: new Narrator(true, true),
    random: new SeededRandom(options.seed + boot),
    victim: 'primary',
    kills,
    killAfterMs: plan.killAfterMs,
    afterMs: plan.afterMs,
    onFormed: joined,
    onKill: doing,
  });
}

function rowOf(result: RunResult): FailoverRow {
  const { failovers, increments, lost, duplicated, connectionSurvived } = result;
  return {
    kills: failovers.map(({ detectMs, goLiveMs, clientGapMs }) => ({
      detectMs,
      goLiveMs,
      clientGapMs,
    })),
    ...{ increments, lost, doubled: duplicated, connectionSurvived },
  };
}

function textOf({ failovers, increments, lost, duplicated }: RunResult, boot: number): string {
  const longest = (pick: (kill: (typeof failovers)[number]) => number): string =>
    `${Math.round(Math.max(...failovers.map(pick)))} ms`;
  return (
    `boot ${boot}: ${failovers.length} kills; at most ${longest(({ detectMs }) => detectMs)} to the suspicion, ` +
    `${longest(({ goLiveMs }) => goLiveMs)} from there to live, ${longest(({ clientGapMs }) => clientGapMs)} of silence for the client; ` +
    `${increments} increments, ${lost} lost, ${duplicated} doubled`
  );
}
