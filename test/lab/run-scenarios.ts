import { join } from 'node:path';

import type { LabImages } from './lab-images.js';
import { LabNetwork } from './lab-network.js';
import { Lab, type LabOptions } from './lab.js';
import { ScenarioSkipped, type Scenario } from './scenario.js';
import { hostScenario } from './scenarios/host.js';
import { kvmBootScenario } from './scenarios/kvm-boot.js';
import { kvmCheckpointScenario } from './scenarios/kvm-checkpoint.js';
import { kvmDemoScenario } from './scenarios/kvm-demo.js';
import { kvmNativeScenario } from './scenarios/kvm-native.js';
import { softDemoScenario } from './scenarios/soft-demo.js';

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [
  hostScenario,
  kvmNativeScenario,
  kvmBootScenario,
  kvmDemoScenario,
  kvmCheckpointScenario,
  softDemoScenario,
];

/** Of all together, with QEMU built. */
const labMsMax = 30 * 60_000;

type Outcome = 'passed' | 'FAILED' | 'skipped';

/** What all scenarios have in common. */
interface Setting {
  readonly images: LabImages;
  readonly options: LabOptions;
  readonly network: LabNetwork;
  /** Of this run of the lab. */
  readonly folder: string;
}

interface ScenarioResult {
  readonly scenario: Scenario;
  readonly outcome: Outcome;
  readonly seconds: number;
  readonly seen: string;
}

/** Runs the scenarios, prints the table, and returns the exit status. */
export async function runScenarios(
  images: LabImages,
  options: LabOptions,
  folder: string,
): Promise<number> {
  const startedMs = performance.now();
  const results: ScenarioResult[] = [];
  const setting = { images, options, folder, network: await LabNetwork.create() };
  for (const scenario of scenarios) {
    if (options.only !== null && !options.only.split(',').includes(scenario.name)) continue;
    const leftMs = labMsMax - (performance.now() - startedMs);
    console.log(`\n${scenario.name}: ${scenario.title}`);
    const result = await runOne(scenario, setting, leftMs);
    console.log(`${result.outcome}  ${scenario.name}  ${result.seconds} s  ${result.seen}`);
    results.push(result);
  }
  setting.network.close();
  printTable(results, (performance.now() - startedMs) / 1000);
  return results.some(({ outcome }) => outcome === 'FAILED') ? 1 : 0;
}

async function runOne(
  scenario: Scenario,
  { images, options, network, folder }: Setting,
  leftMs: number,
): Promise<ScenarioResult> {
  const startedMs = performance.now();
  const ended = (outcome: Outcome, seen: string): ScenarioResult => {
    const seconds = Number(((performance.now() - startedMs) / 1000).toFixed(1));
    return { scenario, outcome, seconds, seen };
  };
  const budgetMs = Math.min(scenario.budgetMs, leftMs);
  if (budgetMs <= 0) return ended('FAILED', 'not run: the lab’s time is over');
  const lab = new Lab(images, options, join(folder, scenario.name), network, (text) => {
    console.log(`  ${text}`);
  });
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`not done within its ${Math.round(budgetMs / 1000)} s`));
    }, budgetMs);
  });
  const running = scenario.run(lab);
  // When its time is over, it fails again as its machines die: heard already.
  running.catch(() => undefined);
  try {
    return ended('passed', await Promise.race([running, overdue]));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return ended(error instanceof ScenarioSkipped ? 'skipped' : 'FAILED', why);
  } finally {
    clearTimeout(timer);
    await lab.close();
  }
}

function printTable(results: readonly ScenarioResult[], seconds: number): void {
  console.log('');
  for (const { scenario, outcome, seconds: took, seen } of results) {
    const line = seen.split('\n')[0] ?? '';
    console.log(
      `${outcome.padEnd(8)} ${scenario.name.padEnd(12)} ${String(took).padStart(7)} s  ${line.slice(0, 300)}`,
    );
  }
  const count = (wanted: Outcome): number =>
    results.filter(({ outcome }) => outcome === wanted).length;
  console.log(
    `lab: ${results.length} scenarios: ${count('passed')} passed, ${count('FAILED')} failed, ${count('skipped')} skipped; ${(seconds / 60).toFixed(1)} minutes`,
  );
}
