/**
 * A C program is compiled, in the place of the paper's kernel: pwgen, by its own make file and gcc, again and again
 * (images/bench-disk/overlay/usr/lib/vmft/bench/compile). The processor is at work; the sources are read from the disk, and all that is made is
 * written to it.
 */

import { setTimeout as sleep } from 'node:timers/promises';

import { BuildSteps, filesPerSecond } from './build-steps.js';
import { CountingProcess } from '../guest/counting-process.js';
import type { RunningWorkload, Workload } from './workload.js';

const pollMs = 50;
const startMsMax = 60_000;
/** Of one build, on processors that others use too. */
const buildMsMax = 90_000;
/** Of a measurement's time; a build more or less is no matter. */
const shareMin = 0.75;

export const compileCommand = 'exec sh /usr/lib/vmft/bench/compile';

export const compile: Workload = {
  name: 'compile',
  unit: 'files/s',
  guest: { disk: 'debian-bench', services: [], memoryMiB: 256 },
  async start(shell) {
    const steps = new BuildSteps();
    const process = new CountingProcess(
      shell.follow(compileCommand),
      (line) => steps.take(line, performance.now()),
      shell,
    );
    await process.warm(0, startMsMax);
    const running = new Compilation(process, steps);
    try {
      // The first build reads the compiler from the disk.
      await running.measure(0);
    } catch (error) {
      process.kill();
      throw error;
    }
    return running;
  },
};

class Compilation implements RunningWorkload {
  constructor(
    private readonly process: CountingProcess,
    private readonly steps: BuildSteps,
  ) {}

  /** Whole builds: one at least, and about as many as fit. */
  async measure(durationMs: number): Promise<number> {
    const fromMs = performance.now();
    for (;;) {
      const span = this.steps.wholeSince(fromMs);
      if (span !== null && span.durationMs >= durationMs * shareMin) return filesPerSecond(span);
      this.process.checkRunning();
      if (performance.now() > fromMs + durationMs + buildMsMax) return filesPerSecond(span);
      await sleep(pollMs);
    }
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}
