import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { machineFactory } from '../../src/cli/machine-factory.js';
import type { MachineEvents } from '../../src/flow/machine/machine.js';
import { softAccelerator } from '../../src/flow/machine/accelerator.js';
import { systemClock } from '../../src/flow/world/system-clock.js';
import { systemRandom } from '../../src/flow/world/system-random.js';
import { openArbiter } from '../../src/pair/arbiter/open-arbiter.js';
import type { MachineFactory } from '../../src/pair/session/ports.js';
import { joinAndRebuild } from '../../src/pair/session/rejoin-after-divergence.js';
import { runPrimary } from '../../src/pair/session/run-primary.js';
import { guestImage, testConfig } from './native-guest.js';

const shared = {
  clock: systemClock,
  random: systemRandom,
  build: 'test',
  accelerator: 'soft',
  replays: true,
  replication: 'auto' as const,
  settings: { suspectAfterMs: 4_000, suspectAfterBrokenChannelMs: 300 },
};

void describe('a pair of real machines whose backup diverges', () => {
  void test('is a pair again, and the new replica is the one that takes over', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'vmft-rebuilt-'));
    const arbiter = await openArbiter(`file:${directory}`, systemRandom);
    let shown = '';
    const events: string[] = [];
    const until = async (what: string, fits: () => boolean): Promise<void> => {
      for (let tries = 0; !fits(); tries += 1) {
        assert.ok(tries < 2_000, `no ${what}; events: ${events.join()}; console: ${shown}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    const seen = (type: string): number => events.filter((event) => event === type).length;

    const images = { kernel: guestImage('echo'), initramfs: null };
    const primary = await runPrimary({
      ...shared,
      ...{ guest: { ...testConfig, mac: null }, arbiter, recordTo: null },
      createMachine: machineFactory(null, images, softAccelerator),
      listen: { host: '127.0.0.1', port: 0 },
      onConsole: (bytes) => (shown += bytes.toString('latin1')),
    });
    await until('guest', () => shown.includes('echo: ready'));
    const { listening } = primary.status();
    assert.ok(listening !== null);

    let replicaEvents: MachineEvents | null = null;
    const create = machineFactory(null, null, softAccelerator);
    const createMachine: MachineFactory = (config, machineEvents) => {
      replicaEvents = machineEvents;
      return create(config, machineEvents);
    };
    const backup = await joinAndRebuild({
      ...shared,
      ...{ primary: listening, arbiter, createMachine, memoryBytesMax: null, listen: null },
      onEvent: ({ type }) => events.push(type),
      onConsole: (bytes) => (shown += bytes.toString('latin1')),
    });
    try {
      for (let round = 1; round <= 3; round += 1) {
        await until('pair', () => seen('formed') === round && primary.status().role === 'primary');
        const { machine } = backup.status();
        assert.ok(machine !== null);
        // What the machine says when a digest differs.
        const report = { message: 'planted', whatToDo: '', position: machine.position };
        (replicaEvents as MachineEvents | null)?.stopped({ reason: 'divergence', ...report });
      }
      await until('fourth pair', () => seen('formed') === 4);
      assert.equal(backup.status().divergences, 3);
      shown = '';
      primary.consoleInput(Buffer.from('first\n'));
      await until('answer of the pair', () => /echo: 5 bytes, checksum \d+/.test(shown));
      primary.stop('killed');
      await until('takeover', () => seen('live') === 1);
      shown = '';
      backup.consoleInput(Buffer.from('second\n'));
      await until('answer of the new replica', () => /echo: 6 bytes, checksum \d+/.test(shown));
    } finally {
      for (const session of [primary, backup]) {
        session.stop('the test is over');
        await session.ended;
      }
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
