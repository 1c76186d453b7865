import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Violation } from './observer.js';
import { plantedFaults } from './planted-fault.js';
import { runSchedule, type Outcome } from './schedule.js';

/** VMFT_SIM_SEED=n runs that schedule only; VMFT_SIM_SCHEDULES=n another number of them. */
const only = process.env['VMFT_SIM_SEED'];
const schedules = Number(process.env['VMFT_SIM_SCHEDULES'] ?? 10_000);

async function runOne(seed: number): Promise<Outcome> {
  try {
    return await runSchedule(seed, null);
  } catch (error) {
    const again = `VMFT_SIM_SEED=${seed} node --test dist/test/sim/sim.test.js`;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Error(`seed ${seed}: ${text}\nrun it again with: ${again}`, { cause: error });
  }
}

describe('the pair in simulation', () => {
  it(`keeps every invariant in ${schedules} schedules`, async () => {
    if (only !== undefined) {
      await runOne(Number(only));
      return;
    }
    let failovers = 0;
    let wentAlone = 0;
    let ended = 0;
    let handedOver = 0;
    let checkpoints = 0;
    let throttled = 0;
    let beatsAtRest = 0;
    let answers = 0;
    const errors = new Set<string>();
    for (let seed = 1; seed <= schedules; seed += 1) {
      const outcome = await runOne(seed);
      failovers += outcome.failovers;
      wentAlone += outcome.wentAlone;
      answers += outcome.answers;
      handedOver += outcome.handedOver;
      checkpoints += outcome.byCheckpoint;
      throttled += outcome.throttled;
      beatsAtRest += outcome.beatsAtRest;
      if (outcome.guestEnded) ended += 1;
      for (const code of outcome.channelErrors) errors.add(code);
    }
    // The schedules are worth nothing if they do not come to these.
    assert.ok(failovers > schedules / 10, `${failovers} failovers`);
    assert.ok(wentAlone > schedules / 10, `${wentAlone} primaries went on alone`);
    assert.ok(ended > schedules / 100, `${ended} guests ended`);
    assert.ok(handedOver > schedules / 100, `${handedOver} machines were handed over`);
    assert.ok(checkpoints > schedules / 4, `${checkpoints} pairs replicated by checkpoints`);
    assert.ok(throttled > 0, 'a guest was slowed to be copied');
    assert.ok(beatsAtRest > schedules / 10, `${beatsAtRest} heartbeats at rest`);
    assert.ok(answers > schedules * 5, `${answers} answers`);
    assert.ok(errors.has('frame-corrupt'), 'a flipped byte was found');
    assert.ok(errors.has('generation-old'), 'an old generation was refused');
  });

  for (const fault of plantedFaults) {
    it(`catches the planted fault: ${fault}`, async () => {
      let seed = 1;
      for (; seed <= 2_000; seed += 1) {
        try {
          await runSchedule(seed, fault);
        } catch (error) {
          assert.ok(error instanceof Violation, String(error));
          return;
        }
      }
      assert.fail(`${fault}: not caught in ${seed} schedules`);
    });
  }

  it('gives the same outcome for the same seed', async () => {
    assert.deepEqual(await runSchedule(4711, null), await runSchedule(4711, null));
  });
});
