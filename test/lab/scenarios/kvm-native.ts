import type { LabHost } from '../lab-host.js';
import type { Scenario } from '../scenario.js';

/** The native tests of the accelerator, with the counters that only this lab has. */
const allTests = 'native/accel/kvm';
/** With every further skid: those that depend on it, by their names. */
const counterTests = 'counter';
const testMsMax = 8 * 60_000;

export const kvmNativeScenario: Scenario = {
  name: 'kvm-native',
  title: 'native tests of accel/kvm on kvm_amd and exact counters',
  budgetMs: 14 * 60_000,
  run: async (lab) => {
    const seen: string[] = [];
    for (const [index, skidBranches] of lab.options.skids.entries()) {
      const host = await lab.bootOne({ skidBranches });
      seen.push(
        `skid ${skidBranches}: ${await nativeTests(host, index === 0 ? allTests : counterTests)}`,
      );
      lab.say(seen.at(-1) ?? '');
      await lab.closeHosts();
    }
    return seen.join('; ');
  },
};

async function nativeTests(host: LabHost, filter: string): Promise<string> {
  const { status, reason, stdout, stderr } = await host.run(
    `cd /vmft && build/Release/vmft_native_test ${filter}`,
    testMsMax,
  );
  const lines = `${stdout}\n${stderr}`.trim().split('\n');
  if (status !== 0) throw new Error(`${status ?? reason}: ${lines.slice(-6).join(' / ')}`);
  return lines.at(-1) ?? '';
}
