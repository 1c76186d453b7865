import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { asVmftError, exitStatusByCode, MachineError, VmftError } from '../../src/base/errors.js';

describe('errors', () => {
  it('have one exit status each, none that the shell or Node uses', () => {
    const statuses = Object.values(exitStatusByCode);
    assert.equal(new Set(statuses).size, statuses.length);
    for (const status of statuses) assert.ok(status > 1 && status < 126, `${status}`);
  });

  it('of the addon are taken over with their code and advice', () => {
    const thrown = Object.assign(new Error('no room'), {
      code: 'memory-unavailable',
      whatToDo: 'x',
    });
    const error = asVmftError(thrown);
    assert.ok(error instanceof MachineError);
    assert.deepEqual(
      [error.code, error.whatToDo, error.exitStatus],
      ['memory-unavailable', 'x', 13],
    );
  });

  it('without a name are bugs', () => {
    assert.equal(asVmftError(new TypeError('x')).code, 'internal');
    assert.equal(asVmftError('x').code, 'internal');
    const known = new VmftError('usage', 'x');
    assert.equal(asVmftError(known), known);
  });
});
