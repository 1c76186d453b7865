import assert from 'node:assert/strict';
import { test } from 'node:test';

import { noNetworks, runInside } from './inside.js';

const why = noNetworks();

void test(
  'partitions: seen from outside, there is never more than one machine',
  { skip: why ?? false, timeout: 240_000 },
  (t) => {
    const { status, output } = runInside('./partition-scenarios.js', 230_000);
    for (const line of output.trim().split('\n')) t.diagnostic(line);
    assert.equal(status, 0, output);
  },
);
