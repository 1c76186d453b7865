import type { Scenario } from '../scenario.js';
import { softAccelerator } from '../../../src/flow/machine/accelerator.js';
import { demoRuns } from './demo-runs.js';

/** The pair on the software CPU: shows the machines, networks and storage rather than the accelerator. */
export const softDemoScenario: Scenario = {
  name: 'soft-demo',
  title: 'the demo on two hosts with --accel soft, primary’s machine killed',
  budgetMs: 8 * 60_000,
  run: (lab) =>
    demoRuns(lab, { accelerator: softAccelerator, skidBranches: 0, runs: 1, memory: '96M' }),
};
