import { asVmftError } from '../../base/errors.js';
import type { Accelerator } from '../../flow/machine/accelerator.js';
import type { ReplicationChoice } from '../../pair/role/replication-choice.js';
import { requireTunDevice } from '../check/tap.js';
import { errorLine } from '../report-error.js';
import { DemoNetwork } from './demo-network.js';
import { failoverRun } from './failover-run.js';
import { median, succeeded, summarize, type RunResult } from './failover-result.js';
import { Narrator } from './narrator.js';
import { SeededRandom } from './seeded-random.js';

export interface DemoOptions {
  readonly runs: number;
  readonly killsPerBoot: number;
  readonly victim: 'primary' | 'backup' | 'random';
  readonly seed: number;
  readonly after: number;
  readonly memory: string;
  readonly replication: ReplicationChoice;
  readonly json: boolean;
  readonly accelerator: Accelerator;
}

/**
 * The demo, inside its namespaces. `folder` is the storage that both hosts see. Returns the exit status: 0 when
 * nothing was lost, doubled or broken.
 */
export async function runDemo(options: DemoOptions, folder: string): Promise<number> {
  requireTunDevice();
  const brief = options.runs > 1;
  const narrator = new Narrator(options.json, brief);
  const results: RunResult[] = [];
  let failures = 0;
  const network = await DemoNetwork.create();
  narrator.step(
    'two hosts, a client and a switch are made: network namespaces, gone when this ends',
  );
  try {
    for (let run = 0; run < options.runs; run += 1) {
      const seed = options.seed + run;
      const started = failoverRun({
        network,
        arbiter: `file:${folder}`,
        memory: options.memory,
        accelerator: options.accelerator,
        replication: options.replication,
        narrator,
        random: new SeededRandom(seed),
        victim: options.victim,
        kills: options.killsPerBoot,
        afterMs: options.after * 1000,
      });
      const name = `run ${run + 1} of ${options.runs}, seed ${seed}`;
      try {
        const result = await started;
        results.push(result);
        if (!succeeded(result)) failures += 1;
        if (brief) narrator.line(`${name}: ${runLine(result)}`);
        else tell(result, seed, narrator);
      } catch (error) {
        failures += 1;
        narrator.line(`${name}: failed: ${errorLine(asVmftError(error))}`);
      }
    }
  } finally {
    network.close();
  }
  if (brief) tellAll(results, failures, options.runs, narrator);
  if (options.json) console.log(JSON.stringify(outcome(results, failures)));
  return failures === 0 ? 0 : 1;
}

/** A run that did not come to its end counts as one whose connection did not survive. */
function outcome(results: readonly RunResult[], failures: number): object {
  const summary = summarize(results);
  return { ...summary, connectionSurvived: summary.connectionSurvived && failures === 0 };
}

function runLine(result: RunResult): string {
  const kills = result.failovers.map(
    ({ victim, detectMs, goLiveMs, clientGapMs }) =>
      `${victim} killed, detected ${detectMs} ms, live after ${goLiveMs} ms more, client gap ${clientGapMs} ms`,
  );
  return `${verdict(result)}; ${kills.join('; ')}`;
}

function verdict({ increments, lost, duplicated, connectionSurvived, trouble }: RunResult): string {
  const connection = connectionSurvived ? 'connection kept' : `connection LOST (${trouble ?? ''})`;
  return `${increments} increments, ${lost} lost, ${duplicated} doubled, ${connection}`;
}

function tell(result: RunResult, seed: number, narrator: Narrator): void {
  narrator.line('');
  for (const { victim, detectMs, goLiveMs, clientGapMs } of result.failovers) {
    narrator.line(`  kill of the ${victim}`);
    narrator.line(`    to the suspicion          ${ms(detectMs)}`);
    narrator.line(`    from there to being live  ${ms(goLiveMs)}`);
    narrator.line(`    longest wait of the client${ms(clientGapMs)}`);
  }
  narrator.line(`  log traffic                 ${result.logMbitPerS} Mbit/s`);
  narrator.line(`  ${verdict(result)}   (--seed ${seed})`);
}

function ms(value: number): string {
  return `${value.toFixed(0).padStart(6)} ms`;
}

function tellAll(
  results: readonly RunResult[],
  failures: number,
  runs: number,
  narrator: Narrator,
): void {
  const failovers = results.flatMap((result) => result.failovers);
  const gaps = failovers.map((failover) => failover.clientGapMs);
  const { increments, lost, duplicated, detectMs, goLiveMs, logMbitPerS } = summarize(results);
  narrator.line(
    `${runs - failures} of ${runs} runs good, ${failovers.length} kills: ${increments} increments, ${lost} lost, ${duplicated} doubled; medians: detected ${detectMs} ms, live after ${goLiveMs} ms more, client gap ${median(gaps)} ms (longest ${Math.max(0, ...gaps)} ms), log ${logMbitPerS} Mbit/s`,
  );
}
