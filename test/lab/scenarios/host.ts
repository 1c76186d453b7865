import assert from 'node:assert/strict';

import type { LabHost } from '../lab-host.js';
import type { LabPair } from '../lab.js';
import type { Scenario } from '../scenario.js';

const commandMsMax = 30_000;
const pmutestMsMax = 120_000;
/** In each of its tests of exact stops. */
const stopsPerTest = 4;

/** The two machines by themselves: networks, storage, KVM, counters. */
export const hostScenario: Scenario = {
  name: 'host',
  title: 'two hosts with networks, storage, kvm_amd and exact counters',
  budgetMs: 5 * 60_000,
  run: async (lab) => {
    const seen: string[] = [];
    for (const skidBranches of lab.options.skids) {
      const pair = await lab.bootPair({ skidBranches });
      if (seen.length === 0) await checkHosts(pair);
      const [one, other] = await Promise.all(
        [pair.a, pair.b].map((host) => pmutest(host, skidBranches)),
      );
      seen.push(`skid ${skidBranches}: pmutest ${one ?? ''}, ${other ?? ''}`);
      lab.say(seen.at(-1) ?? '');
      await lab.closeHosts();
    }
    return `networks, storage, kvm_amd; ${seen.join('; ')}`;
  },
};

async function checkHosts({ a, b, place }: LabPair): Promise<void> {
  const addressOfB = place.other(place.a).address;
  await a.get(`ping -c 3 -w 10 ${addressOfB}`, commandMsMax);
  await b.get(`ping -c 3 -w 10 ${place.a.address}`, commandMsMax);
  await a.get('echo written by a >/storage/probe && sync', commandMsMax);
  assert.equal(await b.get('cat /storage/probe', commandMsMax), 'written by a\n');
  // What the arbiter's test-and-set stands on: of two links to one name, one fails.
  await b.get('ln /storage/probe /storage/flag', commandMsMax);
  const second = await a.run('ln /storage/probe /storage/flag', commandMsMax);
  assert.notEqual(second.status, 0, 'a second link to the same name must fail');
  for (const host of [a, b]) {
    const report = await host.get(
      'test -c /dev/kvm && cat /proc/modules && dmesg | grep -i "pmu driver"',
      commandMsMax,
    );
    assert.match(report, /^kvm_amd /m);
    assert.match(report, /AMD PMU driver/);
    await host.get('ip -br link show tap0 && test -e /sys/class/net/br0/brif/eth0', commandMsMax);
  }
}

async function pmutest(host: LabHost, skidBranches: number): Promise<string> {
  const output = await host.get(`pmutest 1 ${skidBranches} ${stopsPerTest}`, pmutestMsMax);
  const verdicts = output.match(/^(ok|FAIL)\b/gm) ?? [];
  assert.match(output, /^PMUTEST PASSED/m);
  return `${verdicts.length} parts good`;
}
