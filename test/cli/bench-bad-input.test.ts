import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { exitStatusByCode } from '../../src/base/errors.js';
import { vmft } from './vmft.js';

let folder = '';
const file = (name: string): string => join(folder, name);

const cases: readonly { what: string; options: () => string[]; says: RegExp }[] = [
  {
    what: 'a table that is none',
    options: () => ['--table', 'idle,3'],
    says: /'3' is not one of 1, 2, latency, failover, idle, scale, all/,
  },
  { what: 'a seed that is none', options: () => ['--seed', '-1'], says: /0 to 4294967295/ },
  {
    what: 'a report that cannot be written is told before an hour is spent',
    options: () => ['--quick', '--report', file('absent/report.html')],
    says: /cannot write .*absent\/report\.html/,
  },
  {
    what: 'a result that is not there',
    options: () => ['--from', file('absent.json')],
    says: /cannot read .*absent\.json/,
  },
  {
    what: 'a result that is none',
    options: () => ['--from', file('text')],
    says: /text is not JSON/,
  },
];

void describe('bad input to vmft bench ends in one clear line', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'vmft-bad-input-'));
    writeFileSync(file('text'), 'no result\n');
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { what, options, says } of cases) {
    void test(what, () => {
      const { status, stdout, stderr } = vmft(['bench', ...options()]);
      assert.equal(status, exitStatusByCode.usage, stderr);
      const lines = stderr.trim().split('\n');
      assert.equal(lines.length, 1, stderr);
      assert.match(stderr, /^vmft: /);
      assert.match(stderr, says);
      assert.equal(stdout, '');
    });
  }
});
