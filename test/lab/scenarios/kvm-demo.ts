import type { Scenario } from '../scenario.js';
import { demoRuns } from './demo-runs.js';
import { kvmWithSkid } from './kvm-counter.js';

/** What the project claims: a virtual machine on two KVM hosts, one of which dies. */
export const kvmDemoScenario: Scenario = {
  name: 'kvm-demo',
  title: 'the demo on two hosts with --accel kvm, primary’s machine killed',
  budgetMs: 20 * 60_000,
  run: async (lab) => {
    const { skids, runs } = lab.options;
    const seen: string[] = [];
    for (const [index, skidBranches] of skids.entries()) {
      // Together as many as were asked for.
      const share = Math.floor(runs / skids.length) + (index < runs % skids.length ? 1 : 0);
      if (share === 0) continue;
      const accelerator = kvmWithSkid(skidBranches);
      const result = await demoRuns(lab, { accelerator, skidBranches, runs: share, memory: '96M' });
      seen.push(`skid ${skidBranches}: ${result}`);
    }
    return seen.join('; ');
  },
};
