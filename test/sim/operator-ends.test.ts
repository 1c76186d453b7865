import assert from 'node:assert/strict';
import { test } from 'node:test';

import { defaultPairSettings } from '../../src/base/limits.js';
import { isGuestEnd } from '../../src/pair/role/pair-event.js';
import { Observer } from './observer.js';
import { SeededRandom } from './seeded-random.js';
import { SimHost, type SimParts } from './sim-host.js';
import { SimNetwork } from './sim-network.js';
import { SimStorage } from './sim-storage.js';
import { Timeline } from './timeline.js';

/** What the operator does to a machine must never look like a failure, at whatever moment it is done. */
const moments = 400;

interface Ended {
  readonly formed: boolean;
  readonly primary: SimHost;
  readonly backup: SimHost;
  readonly taken: number;
}

async function endBy(kind: 'power-off' | 'reset', seed: number): Promise<Ended> {
  const timeline = new Timeline();
  const random = new SeededRandom(seed);
  const storage = new SimStorage(timeline, random);
  const network = new SimNetwork(timeline, random);
  network.datagramLoss = 0;
  network.delayMaxMs = random.pick([0.3, 1, 5]);
  const observer = new Observer(storage, null);
  const hosts: SimHost[] = [];
  const parts: SimParts = {
    timeline,
    random,
    network,
    storage,
    observer,
    disk: null,
    settings: defaultPairSettings,
    planted: null,
    peerOf: (host) => hosts.find((other) => other !== host) ?? null,
  };
  const primary = new SimHost('primary', parts);
  const backup = new SimHost('backup', parts);
  hosts.push(primary, backup);
  timeline.asynchronous = () => hosts.some(({ copying }) => copying);
  network.onSend = (link, message) => {
    if (message.kind === 'log-frame') observer.sent(link.host, Number(message.generation));
  };
  primary.boot();
  timeline.after(20, () => {
    backup.join(primary);
  });
  timeline.at(random.between(20, 600), () => {
    // Requests come to the end, and shares change.
    primary.machine?.request(seed);
    primary.machine?.setCpuShare(random.between(0.2, 1));
    primary.machine?.control(kind);
  });
  await timeline.run(4_000);
  const formed = primary.events.some(({ type }) => type === 'formed');
  return { formed, primary, backup, taken: storage.taken.size };
}

for (const kind of ['power-off', 'reset'] as const) {
  const reason = kind === 'reset' ? 'guest-reset' : kind;
  test(`an operator’s ${kind} ends both replicas in order, at ${moments} moments`, async () => {
    let pairs = 0;
    for (let seed = 1; seed <= moments; seed += 1) {
      const { formed, primary, backup, taken } = await endBy(kind, seed);
      const where = `seed ${seed}`;
      assert.equal(primary.end?.reason, reason, where);
      assert.equal(taken, 0, `${where}: nobody had to arbitrate`);
      const types = [...primary.events, ...backup.events].map(({ type }) => type);
      for (const wrong of ['suspected', 'live', 'backup-lost', 'diverged', 'arbitration-lost']) {
        assert.equal(types.includes(wrong as (typeof types)[number]), false, `${where}: ${wrong}`);
      }
      if (formed) {
        pairs += 1;
        assert.equal(backup.end?.reason, reason, where);
        assert.equal(backup.machine?.state.hash, primary.machine?.state.hash, where);
      } else {
        // A join that the end of the guest cut short.
        assert.ok(backup.end !== null && !isGuestEnd(backup.end.reason), where);
      }
    }
    assert.ok(pairs > moments / 2, `${pairs} pairs were formed`);
  });
}
