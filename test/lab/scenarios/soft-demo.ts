import type { Scenario } from '../scenario.js';
import { demoRuns } from './demo-runs.js';

/** The pair on the software CPU: shows the machines, networks and storage rather than the accelerator. */
export const softDemoScenario: Scenario = {
  name: 'soft-demo',
  title: 'the demo on two hosts with --accel soft, primary’s machine killed',
  budgetMs: 8 * 60_000,
  run: (lab) =>
    demoRuns(lab, { accelerator: { name: 'soft' }, skidBranches: 0, runs: 1, memory: '96M' }),
};
