/** A clone of a real machine over real gRPC, cut at any byte: the guest runs on as if nobody had come, and may be cloned again. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { machineFactory } from '../../src/cli/machine-factory.js';
import { softAccelerator } from '../../src/flow/machine/accelerator.js';
import type { LiveOptions, Machine } from '../../src/flow/machine/machine.js';
import { systemClock } from '../../src/flow/world/system-clock.js';
import { systemRandom } from '../../src/flow/world/system-random.js';
import { openArbiter } from '../../src/pair/arbiter/open-arbiter.js';
import type { StampedPairEvent } from '../../src/pair/role/pair-event.js';
import { joinAsBackup } from '../../src/pair/session/join-as-backup.js';
import type { MachineFactory } from '../../src/pair/session/ports.js';
import { runPrimary } from '../../src/pair/session/run-primary.js';
import type { Session } from '../../src/pair/session/session.js';
import { CuttingProxy } from '../pair/session/cutting-proxy.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { guestImage, testConfig } from './native-guest.js';

const cuts = Number(process.env['VMFT_CLONE_CUTS'] ?? 100);
const seed = Number(process.env['VMFT_CLONE_SEED'] ?? Date.now() % 2 ** 31);

const shared = {
  clock: systemClock,
  random: systemRandom,
  build: 'test',
  accelerator: 'soft',
  replays: true,
  replication: 'auto' as const,
  settings: { suspectAfterMs: 4_000, suspectAfterBrokenChannelMs: 300, heartbeatIntervalMs: 5 },
};

void test(`a clone cut at ${cuts} bytes leaves the guest running (seed ${seed})`, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'vmft-clone-cut-'));
  const arbiter = await openArbiter(`file:${directory}`, systemRandom);
  const random = new SeededRandom(seed);
  let shown = '';
  const events: StampedPairEvent[] = [];
  const until = async (what: string, fits: () => boolean): Promise<void> => {
    for (let tries = 0; !fits(); tries += 1) {
      const types = events.slice(-20).map(({ type }) => type);
      assert.ok(tries < 5_000, `no ${what}; events: ${types.join()}; console: ${shown}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  /** What the machine was told last. */
  let speed = 1;
  let options: LiveOptions | null = null;
  const watched: MachineFactory = (config, machineEvents) => {
    const machine = machineFactory(null, images, softAccelerator)(config, machineEvents);
    const setSpeedLimit = machine.setSpeedLimit.bind(machine);
    const resume = machine.resume.bind(machine);
    const reconfigure = machine.reconfigure.bind(machine);
    machine.setSpeedLimit = (share) => {
      speed = share;
      setSpeedLimit(share);
    };
    machine.resume = (given) => {
      options = given;
      resume(given);
    };
    machine.reconfigure = (given) => {
      options = given;
      reconfigure(given);
    };
    return machine;
  };

  // Memory that is not zero, and does not compress.
  const initramfs = systemRandom.bytes(3 << 20);
  const images = { kernel: guestImage('echo'), initramfs };
  const guest = { ...testConfig, mac: null, memoryBytes: 32 << 20, initramfsPath: 'random' };
  const primary = await runPrimary({
    ...shared,
    ...{ guest, arbiter, recordTo: null, createMachine: watched },
    listen: { host: '127.0.0.1', port: 0 },
    onConsole: (bytes) => (shown += bytes.toString('latin1')),
    onEvent: (event) => events.push(event),
  });
  const { listening } = primary.status();
  assert.ok(listening !== null);
  const proxy = await CuttingProxy.open(listening.port);
  const replicas: Machine[] = [];
  const joinIt = (onEvent: (event: StampedPairEvent) => void = () => undefined): Promise<Session> =>
    joinAsBackup({
      ...shared,
      ...{ arbiter, memoryBytesMax: null, listen: null, onEvent },
      primary: { host: '127.0.0.1', port: proxy.port },
      createMachine: (config, machineEvents) => {
        const made = machineFactory(null, null, softAccelerator)(config, machineEvents);
        replicas.push(made);
        return made;
      },
    });
  const answers = async (text: string): Promise<void> => {
    shown = '';
    primary.consoleInput(Buffer.from(`${text}\n`));
    await until('answer', () => /echo: \d+ bytes, checksum \d+/.test(shown));
  };
  const alone = async (backup: Session): Promise<void> => {
    await backup.ended;
    for (const replica of replicas.splice(0)) replica.close();
    await until('end of the join', () => primary.status().phase === 'alone');
    assert.equal(primary.status().machine?.mode, 'live');
    assert.equal(speed, 1, 'the guest is not slowed any more');
    assert.ok(options?.gated !== true, 'its outputs wait for nobody');
  };

  try {
    await until('guest', () => shown.includes('echo: ready'));
    // The whole of it, to know how long it is; not a byte of the log.
    let cloneBytes = 0;
    const whole = await joinIt(({ type }) => {
      if (type === 'state-received') cloneBytes = proxy.passedBytes;
    });
    await until('pair', () => primary.status().role === 'primary');
    whole.stop('the first was to count');
    await alone(whole);
    assert.ok(cloneBytes > initramfs.length, `${cloneBytes} bytes`);

    const reached = new Set<string>();
    for (let cut = 0; cut < cuts; cut += 1) {
      // Most of it is memory; what comes before and behind is as worth a cut.
      const first = random.whole(1, 2_000);
      const last = cloneBytes - random.whole(0, 20_000);
      proxy.cutAfterBytes = random.pick([first, last, random.whole(1, cloneBytes)]);
      const before = events.length;
      const backup = await joinIt();
      if (cut % 10 === 0) primary.consoleInput(Buffer.from('while it is cloned\n'));
      await alone(backup);
      const failed = events.slice(before).find(({ type }) => type === 'join-failed');
      reached.add(failed === undefined ? 'formed' : 'cut');
      if (cut % 10 === 0) await answers(`after ${cut}`);
    }
    assert.ok(reached.has('cut'));

    proxy.cutAfterBytes = Infinity;
    let formed = 0;
    const backup = await joinIt(({ type }) => (formed += type === 'formed' ? 1 : 0));
    await until('pair', () => formed === 1 && primary.status().role === 'primary');
    await answers('of the pair');
    // Digests of what was cloned are compared while the log is executed.
    await until('execution', () => (backup.status().machine?.position.ticks ?? 0n) > 0n);
    await primary.handOver();
    await until('takeover', () => backup.status().role === 'alone');
    backup.stop('the test is over');
    await backup.ended;
  } finally {
    proxy.close();
    primary.stop('the test is over');
    await primary.ended;
    for (const replica of replicas) replica.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  }
});
