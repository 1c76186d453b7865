import type { Scenario } from '../scenario.js';
import { demoRuns } from './demo-runs.js';

/** Boots and kills take minutes here, and one run is like the other. */
const runsMax = 4;

/** What a host without a counter can do: the machine is replicated by checkpoints, and one host dies. */
export const kvmCheckpointScenario: Scenario = {
  name: 'kvm-checkpoint',
  title:
    'the demo with --accel kvm --counter none --replication checkpoint, primary’s machine killed',
  budgetMs: 25 * 60_000,
  run: (lab) =>
    demoRuns(lab, {
      accelerator: { name: 'kvm', counter: { kind: 'none', skid: 0, randomSeed: 1 } },
      replication: 'checkpoint',
      skidBranches: 0,
      runs: Math.min(lab.options.runs, runsMax),
      memory: '96M',
    }),
};
