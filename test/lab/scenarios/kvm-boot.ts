import assert from 'node:assert/strict';

import { acceleratorWords } from '../../../src/cli/options/accelerator.js';
import type { LabHost } from '../lab-host.js';
import { vmft } from '../lab-vmft.js';
import type { Scenario } from '../scenario.js';
import { kvmWithSkid } from './kvm-counter.js';

const recordMsMax = 4 * 60_000;
const replayMsMax = 6 * 60_000;
const guestAddress = '10.0.0.2';
const hostAddress = '10.0.0.50';
const guestMac = '52:54:00:00:00:02';
const log = '/tmp/boot.log';

/** Debian's stock kernel as the guest: network, a CPU benchmark, power-off; then the log of it again. */
export const kvmBootScenario: Scenario = {
  name: 'kvm-boot',
  title: 'stock Debian guest on --accel kvm, recorded and replayed',
  budgetMs: 16 * 60_000,
  run: async (lab) => {
    const seen: string[] = [];
    for (const skidBranches of lab.options.skids) {
      const host = await lab.bootOne({ skidBranches });
      const words = acceleratorWords(kvmWithSkid(skidBranches));
      await record(host, words);
      seen.push(`skid ${skidBranches}: ${await replay(host, words)}`);
      lab.say(seen.at(-1) ?? '');
      await lab.closeHosts();
    }
    return seen.join('; ');
  },
};

async function record(host: LabHost, words: readonly string[]): Promise<void> {
  const guestWords = `vmft.mode=bench vmft.ip=${guestAddress}/24`;
  const run = [
    ...[vmft, 'run', 'debian', '--memory', '96M', ...words, '--net', `tap=tap0,mac=${guestMac}`],
    ...['--record', log, '--append', `'${guestWords}'`],
  ];
  const output = await host.get(
    `
ip addr add ${hostAddress}/24 dev br0
# The guest's network is up for some seconds only: no time is to go on asking for its address.
ip neigh replace ${guestAddress} lladdr ${guestMac} dev br0
${run.join(' ')} >/share/guest-console 2>&1 &
run=$!
until ping -c 1 -w 1 ${guestAddress} >/dev/null 2>&1; do
  if ! kill -0 $run 2>/dev/null; then echo "no answer from the guest's network"; break; fi
  sleep 0.2
done
wait $run
status=$?
cat /share/guest-console
if [ $status != 0 ]; then tail -n 5 /share/guest-console >&2; fi
exit $status`,
    recordMsMax,
  );
  assert.match(output, /eth0 10\.0\.0\.2\/24/);
  assert.match(output, /reboot: Power down/);
  assert.doesNotMatch(output, /no answer from the guest's network/);
}

async function replay(host: LabHost, words: readonly string[]): Promise<string> {
  const counter = words.slice(words.indexOf('--counter'));
  const output = await host.get(`${vmft} replay ${log} ${counter.join(' ')} --json`, replayMsMax);
  const result = JSON.parse(output.trim().split('\n').at(-1) ?? '') as {
    readonly ticks: number;
    readonly digestsChecked: number;
    readonly seconds: number;
    readonly end: string;
  };
  assert.ok(result.digestsChecked > 0, 'digests must have been checked');
  return `${result.ticks} ticks replayed in ${result.seconds} s, ${result.digestsChecked} digests equal (${result.end})`;
}
