import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { exitStatusByCode } from '../../src/base/errors.js';
import { projectRoot } from '../../src/cli/project-paths.js';
import { vmft } from '../cli/vmft.js';

/** What replaying them has always given. */
const expected = [
  {
    version: 1,
    name: 'echo',
    guest: 'echo-v1',
    ticks: 11_759,
    digestsChecked: 12,
    end: 'power-off',
  },
  {
    version: 2,
    name: 'disk',
    guest: 'disk-v2',
    ticks: 468_395,
    digestsChecked: 3,
    end: 'power-off',
  },
  {
    version: 3,
    name: 'echo',
    guest: 'echo-v1',
    ticks: 11_814,
    digestsChecked: 16,
    end: 'power-off',
  },
];

const golden = (name: string): string => join(projectRoot, 'test/golden/log', name);

void describe('golden logs', () => {
  for (const { version, name, guest, ...wanted } of expected) {
    void test(`version ${version} replays with every digest equal`, () => {
      const file = `${name}-v${version}`;
      const options = ['--kernel', golden(`${guest}.elf`), '--json'];
      const { status, stdout, stderr } = vmft(['replay', golden(`${file}.vmftlog`), ...options]);
      assert.equal(status, 0, stderr);
      const { ticks, digestsChecked, end } = JSON.parse(stdout) as Record<string, unknown>;
      assert.deepEqual({ ticks, digestsChecked, end }, wanted);
    });
  }

  void test('version 99 is refused by name', () => {
    const { status, stderr } = vmft(['replay', golden('echo-v99.vmftlog')]);
    assert.equal(status, exitStatusByCode['log-version']);
    assert.match(stderr, /is a log of version 99; this vmft reads versions 1, 2 and 3/);
  });
});
