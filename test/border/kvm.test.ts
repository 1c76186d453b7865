import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { asVmftError, MachineError } from '../../src/base/errors.js';
import type { Accelerator, CounterKind } from '../../src/flow/machine/accelerator.js';
import { describeCpu, type GuestCpu } from '../../src/flow/machine/guest-cpu.js';
import {
  kvmPreflight,
  reducedCpuModel,
  stopCost,
  vcpuCost,
  whyNotHere,
} from '../../src/flow/machine/native-kvm.js';
import {
  guestImage,
  imageOf,
  ObservedMachine,
  recordingOptions,
  testConfig,
} from './native-guest.js';

/** The CPU that this host's KVM can give, whole or not; skips the test where no guest at CPL0 can be trusted. */
function kvmCpu(context: TestContext): GuestCpu | null {
  try {
    const untrusted = kvmPreflight().probes.filter(
      ({ need, verdict }) => need === 'anything' && verdict !== 'works',
    );
    if (untrusted.length === 0) return reducedCpuModel();
    context.skip(`this KVM fails at ${untrusted.map(({ name }) => name).join(', ')}`);
  } catch (error) {
    context.skip(asVmftError(error).message);
  }
  return null;
}

function kvm(kind: CounterKind, skid = 0): Accelerator {
  return { name: 'kvm', counter: { kind, skid, randomSeed: 5 } };
}

void describe('KVM over the border', () => {
  void test('a CPU is its own, and another is refused by both names', (context) => {
    const cpu = kvmCpu(context);
    if (cpu === null) return;
    assert.equal(whyNotHere(cpu), null);
    const other = {
      ...cpu,
      leaves: cpu.leaves.map((leaf) =>
        leaf.function === 1 ? { ...leaf, eax: leaf.eax ^ 0x10 } : leaf,
      ),
    };
    const why = whyNotHere(other) ?? '';
    assert.ok(!why.includes('\n'));
    assert.match(why, new RegExp(cpu.vendor));
    assert.match(describeCpu(cpu), /family \d+ model \d+/);
  });

  void test('refuses a CPU without a counter, and leaves that are none', (context) => {
    const cpu = kvmCpu(context);
    if (cpu === null) return;
    const create = (config: object, accelerator?: Accelerator): void => {
      const { machine } = new ObservedMachine(
        guestImage('hello'),
        { ...testConfig, ...config },
        accelerator,
      );
      machine.stop();
    };
    const refused = { code: 'bad-argument' };
    assert.throws(() => {
      create({ cpu });
    }, refused);
    assert.throws(() => {
      create({ cpu: null }, kvm('step'));
    }, refused);
    const many = { ...cpu, leaves: Array.from({ length: 257 }, () => cpu.leaves[0]) };
    assert.throws(() => {
      create({ cpu: many }, kvm('step'));
    }, refused);
    const odd = { ...cpu, leaves: [{ ...cpu.leaves[0], eax: 2 ** 32 }] };
    assert.throws(() => {
      create({ cpu: odd }, kvm('step'));
    }, refused);
  });

  for (const [guest, kind, skid] of [
    ['hello', 'step', 0],
    ['timer', 'step', 0],
    ['hello', 'simulated', 200],
    ['timer', 'simulated', 200],
  ] as const) {
    void test(`${guest} recorded with counter ${kind} replays with every digest equal`, async (context) => {
      const cpu = kvmCpu(context);
      if (cpu === null) return;
      const config = { ...testConfig, mac: null, cpu };
      const live = new ObservedMachine(guestImage(guest), config, kvm('step'));
      live.machine.startLive({ ...recordingOptions, generation: 0n });
      const end = await live.ended;
      assert.equal(end.reason, 'power-off', end.message);

      const replica = new ObservedMachine(guestImage(guest), config, kvm(kind, skid));
      replica.machine.startReplica({ generation: null });
      for (const { frame } of live.segments) replica.machine.feed(frame);
      replica.machine.endOfLog();
      const again = await replica.ended;
      assert.deepEqual(again, end);
      const { stops } = replica.machine.status();
      assert.equal(stops?.ownExits, end.position.exits);
      assert.equal(live.machine.status().stops?.exactStops, 0n, 'only a replica must stop exactly');
    });
  }

  void test('a copy of a machine that runs is equal, and follows its log', async (context) => {
    const cpu = kvmCpu(context);
    if (cpu === null) return;
    const config = { ...testConfig, mac: null, cpu };
    const live = new ObservedMachine(guestImage('echo'), config, kvm('step'));
    const copy = new ObservedMachine(null, config, kvm('step'));
    context.after(() => {
      live.machine.close();
      copy.machine.close();
    });
    live.machine.startLive({ ...recordingOptions, generation: 0n });
    await live.shows('ready');
    // Halted, it is copied all the same; and what it writes between the looks is in the image.
    const typing = setInterval(() => {
      live.machine.consoleInput(Buffer.from('word\n'));
    }, 5);
    const { pages, state } = await imageOf(live.machine, 10);
    clearInterval(typing);
    for (const { data } of pages) copy.machine.restorePages(data);
    copy.machine.restoreState(state);
    assert.deepEqual(copy.machine.digest(), live.machine.digest());
    assert.ok(pages.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0) < 64 << 20);

    live.machine.copyEnd();
    copy.machine.startReplica({ generation: 1n });
    live.onSegment = ({ frame }) => copy.machine.feed(frame);
    live.machine.resume({ ...recordingOptions, generation: 1n });
    live.machine.consoleInput(Buffer.from('quit\n'));
    const end = await live.ended;
    assert.equal(end.reason, 'power-off', end.message);
    assert.deepEqual(await copy.ended, end);
  });

  void test('a log of the software CPU is not executed', async (context) => {
    const cpu = kvmCpu(context);
    if (cpu === null) return;
    const soft = new ObservedMachine(guestImage('hello'), { ...testConfig, mac: null });
    soft.machine.startLive({ ...recordingOptions, generation: 0n });
    await soft.ended;
    const replica = new ObservedMachine(
      guestImage('hello'),
      { ...testConfig, mac: null, cpu },
      kvm('step'),
    );
    replica.machine.startReplica({ generation: null });
    for (const { frame } of soft.segments) {
      try {
        replica.machine.feed(frame);
      } catch (error) {
        assert.ok(error instanceof MachineError && error.code === 'wrong-mode');
      }
    }
    assert.equal((await replica.ended).reason, 'divergence');
  });

  void test('what a stop costs is measured, each stop exact', (context) => {
    if (kvmCpu(context) === null) return;
    const { exitNs, stepNs, stateGetNs, stateSetNs } = vcpuCost();
    for (const cost of [exitNs, stepNs, stateGetNs, stateSetNs]) assert.ok(cost > 0);
    const found = stopCost({ kind: 'simulated', skid: 100, randomSeed: 3 }, 5);
    assert.equal(found.stops, 5);
    assert.ok(found.skidMax <= found.skidAllowed && found.skidAllowed === 100);
  });
});
