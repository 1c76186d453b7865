/** `vmft bench`: measures, shows what was measured, and writes it where it is wanted. */

import { closeSync, openSync } from 'node:fs';

import { VmftError } from '../base/errors.js';
import { compareResults } from '../bench/report/compare.js';
import { comparisonText } from '../bench/report/comparison-text.js';
import { htmlReport, markdownReport, textReport } from '../bench/report/report.js';
import { machineFacts } from '../bench/suite/machine-facts.js';
import { readResult, resultText, writeWholeFile } from '../bench/suite/result-file.js';
import type { BenchResult } from '../bench/suite/result.js';
import { runSuite } from '../bench/suite/run-suite.js';
import { runSectionProcess } from '../bench/suite/section-child.js';
import { benchCommandLine, wordsOfSection } from '../bench/suite/section-words.js';
import type { SuiteOptions } from '../bench/suite/section.js';
import { sections } from '../bench/suite/sections.js';
import { ShownProgress } from '../bench/suite/suite-progress.js';
import { systemClock } from '../flow/world/system-clock.js';
import type { BenchOptions } from './bench.js';
import { requireTunDevice } from './check/tap.js';
import { requireNamespaces } from './demo/enter-namespaces.js';
import { acceleratorHere, newGuestCpu } from './usable-kvm.js';

/** The status that a shell gives a program that Ctrl-C ended. */
const interruptedStatus = 130;

export async function bench(options: BenchOptions): Promise<void> {
  if (options.compare !== undefined) {
    process.exitCode = compare(options.compare);
    return;
  }
  for (const path of [options.json, options.report, options.markdown]) {
    if (path !== undefined) checkWritable(path);
  }
  if (options.from !== undefined) {
    await show(readResult(options.from), options);
    return;
  }
  const interrupted = new AbortController();
  const result = await measure(options, interrupted);
  await show(result, options);
  process.exitCode = interrupted.signal.aborted ? interruptedStatus : statusOf(result);
}

/** The status: 0 when all agree, else 1. Throws `usage`. */
function compare(paths: readonly string[]): number {
  const [one, other] = paths;
  if (one === undefined || other === undefined || paths.length > 2) {
    throw new VmftError('usage', '--compare takes two files that vmft bench --json wrote');
  }
  const comparison = compareResults(readResult(one), readResult(other));
  console.log(comparisonText(comparison, one, other));
  return comparison.figures.every(({ agree }) => agree) ? 0 : 1;
}

async function measure(options: BenchOptions, interrupted: AbortController): Promise<BenchResult> {
  const { quick, seed, replication } = options;
  const accelerator = acceleratorHere(options);
  checkHost(() => newGuestCpu(accelerator));
  const suiteOptions: SuiteOptions = { quick, accelerator, replication, seed };
  const byNpm = process.env['npm_lifecycle_event'] === 'bench';
  const progress = new ShownProgress(systemClock, process.stderr);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // Whoever says it twice does not want to wait.
      if (interrupted.signal.aborted) process.exit(interruptedStatus);
      interrupted.abort();
    });
  }
  try {
    return await runSuite(
      {
        sections: options.table,
        options: suiteOptions,
        command: benchCommandLine(byNpm, process.argv.slice(3)),
        commandOf: (section) => benchCommandLine(byNpm, wordsOfSection(section, suiteOptions)),
      },
      {
        clock: systemClock,
        machine: machineFacts,
        expectedMs: (section, of) => sections[section].expectedMs(of),
        runSection: runSectionProcess,
        progress,
        interrupted: interrupted.signal,
      },
    );
  } finally {
    progress.close();
  }
}

/** What all sections need, before an hour is spent. */
function checkHost(checkCpu: () => unknown): void {
  checkCpu();
  requireTunDevice();
  requireNamespaces();
}

/** Leaves an empty file where there was none. Throws `usage`. */
function checkWritable(path: string): void {
  try {
    closeSync(openSync(path, 'a'));
  } catch (error) {
    throw new VmftError('usage', `cannot write ${path}: ${(error as Error).message}`);
  }
}

/** The JSON first: whatever is wrong with the others, the samples are kept. */
async function show(result: BenchResult, { json, report, markdown }: BenchOptions): Promise<void> {
  if (json !== undefined) writeWholeFile(json, resultText(result));
  console.log(textReport(result, process.stdout.columns ?? Infinity));
  if (markdown !== undefined) writeWholeFile(markdown, markdownReport(result));
  if (report !== undefined) writeWholeFile(report, await htmlReport(result));
}

/** 1 when nothing was measured, or what must not happen did: an increment lost or doubled, a connection broken. */
function statusOf({ sections }: BenchResult): number {
  const measured = Object.values(sections).some((section) => (section?.rows.length ?? 0) > 0);
  const faults = (sections.failover?.rows ?? []).some(
    ({ lost, doubled, connectionSurvived }) => lost > 0 || doubled > 0 || !connectionSurvived,
  );
  return measured && !faults ? 0 : 1;
}
