import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { systemClock } from '../../../src/flow/world/system-clock.js';
import type { Arbiter, FlagOutcome } from '../../../src/pair/arbiter/arbiter.js';
import { PatientArbiter } from '../../../src/pair/arbiter/patient-arbiter.js';
import type { ArbitrationResult } from '../../../src/pair/role/role.js';

describe('the patient arbiter', () => {
  it('calls a hung storage unreachable, starts nothing twice, and honours a late success', async () => {
    let answer: (outcome: FlagOutcome) => void = () => undefined;
    let attempts = 0;
    const hung: Arbiter = {
      url: 'test:',
      testAndSet: () => {
        attempts += 1;
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
      form: () => Promise.resolve(),
      sees: () => Promise.resolve(true),
      read: () => Promise.resolve([]),
      close: () => undefined,
    };
    const patient = new PatientArbiter(hung, 'a', systemClock, 20);
    const attempt = (): Promise<ArbitrationResult> =>
      new Promise((resolve) => {
        patient.testAndSet('m', 1n, resolve);
      });
    assert.equal((await attempt()).kind, 'unreachable');
    assert.equal((await attempt()).kind, 'unreachable');
    const third = attempt();
    answer({ kind: 'won' });
    assert.deepEqual(await third, { kind: 'won' });
    assert.equal(attempts, 1);
  });
});
