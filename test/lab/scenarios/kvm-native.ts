import type { LabHost } from '../lab-host.js';
import type { Scenario } from '../scenario.js';

/** The native tests of the accelerator, with the counters that only this lab has. */
const filter = 'native/accel/kvm';
const testMsMax = 8 * 60_000;

export const kvmNativeScenario: Scenario = {
  name: 'kvm-native',
  title: 'native tests of accel/kvm on kvm_amd and exact counters',
  budgetMs: 10 * 60_000,
  run: async (lab) => {
    const seen: string[] = [];
    for (const skidBranches of lab.options.skids) {
      const host = await lab.bootOne({ skidBranches });
      seen.push(`skid ${skidBranches}: ${await nativeTests(host)}`);
      lab.say(seen.at(-1) ?? '');
      await lab.closeHosts();
    }
    return seen.join('; ');
  },
};

async function nativeTests(host: LabHost): Promise<string> {
  const { status, reason, stdout, stderr } = await host.run(
    `cd /vmft && build/Release/vmft_native_test ${filter}`,
    testMsMax,
  );
  const lines = `${stdout}\n${stderr}`.trim().split('\n');
  if (status !== 0) throw new Error(`${status ?? reason}: ${lines.slice(-6).join(' / ')}`);
  return lines.at(-1) ?? '';
}
