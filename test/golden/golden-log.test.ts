import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { exitStatusByCode } from '../../src/base/errors.js';
import { projectRoot } from '../../src/cli/project-paths.js';
import { vmft } from '../cli/vmft.js';

/** What replaying it has always given. */
const expected = { ticks: 11_759, digestsChecked: 12, end: 'power-off' };

const golden = (name: string): string => join(projectRoot, 'test/golden/log', name);

void describe('golden logs', () => {
  void test('version 1 replays with every digest equal', () => {
    const options = ['--kernel', golden('echo-v1.elf'), '--json'];
    const { status, stdout, stderr } = vmft(['replay', golden('echo-v1.vmftlog'), ...options]);
    assert.equal(status, 0, stderr);
    const { ticks, digestsChecked, end } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual({ ticks, digestsChecked, end }, expected);
  });

  void test('version 99 is refused by name', () => {
    const { status, stderr } = vmft(['replay', golden('echo-v99.vmftlog')]);
    assert.equal(status, exitStatusByCode['log-version']);
    assert.match(stderr, /is a log of version 99; this vmft reads versions 1 and 2/);
  });
});
