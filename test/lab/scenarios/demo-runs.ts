import { failoverRun } from '../../../src/cli/demo/failover-run.js';
import { succeeded, type RunResult } from '../../../src/cli/demo/failover-result.js';
import { Narrator } from '../../../src/cli/demo/narrator.js';
import { SeededRandom } from '../../../src/cli/demo/seeded-random.js';
import type { Accelerator } from '../../../src/flow/machine/accelerator.js';
import type { ReplicationChoice } from '../../../src/pair/role/replication-choice.js';
import type { Lab } from '../lab.js';

export interface DemoRuns {
  readonly accelerator: Accelerator;
  /** Left out: auto. */
  readonly replication?: ReplicationChoice;
  readonly skidBranches: number;
  readonly runs: number;
  /** Guest memory, as --memory takes it. */
  readonly memory: string;
}

/** How much slower than real hosts these are, for limits that are generous already. */
const slowness = 3;
/** Emulated hosts share a busy machine: late is not dead. */
const settings = [
  ...['--suspect-after', '3000', '--suspect-after-broken', '2000', '--heartbeat-interval', '200'],
  ...['--join-timeout', '60000', '--arbiter-timeout', '20000', '--lag-limit', '2000'],
];
const countedAfterMs = 3_000;

/** The demo on two machines, each time newly booted; the primary's machine is killed. Throws when anything is lost. */
export async function demoRuns(lab: Lab, demo: DemoRuns): Promise<string> {
  const results: RunResult[] = [];
  for (let run = 0; run < demo.runs; run += 1) {
    const { place } = await lab.bootPair({ skidBranches: demo.skidBranches });
    const narrator = new Narrator(false, demo.runs > 1);
    const result = await failoverRun({
      network: place,
      arbiter: 'file:/storage',
      memory: demo.memory,
      accelerator: demo.accelerator,
      replication: demo.replication ?? 'auto',
      narrator,
      settings,
      slowness,
      random: new SeededRandom(run + 1),
      victim: 'primary',
      kills: 1,
      afterMs: countedAfterMs,
    });
    await lab.closeHosts();
    lab.say(`run ${run + 1} of ${demo.runs}: ${lineOf(result)}`);
    if (!succeeded(result)) throw new Error(lineOf(result));
    results.push(result);
  }
  return `${results.length} runs: ${results.map(lineOf).join('; ')}`;
}

function lineOf(result: RunResult): string {
  const { increments, lost, duplicated, connectionSurvived, trouble, failovers } = result;
  const connection = connectionSurvived ? 'connection kept' : `connection lost (${trouble ?? ''})`;
  const gaps = failovers.map(({ detectMs, goLiveMs, clientGapMs }) =>
    [`detected ${detectMs} ms`, `live +${goLiveMs} ms`, `client gap ${clientGapMs} ms`].join(', '),
  );
  return `${increments} increments, ${lost} lost, ${duplicated} doubled, ${connection}, ${gaps.join(', ')}`;
}
