import assert from 'node:assert/strict';
import { test } from 'node:test';

import { noNetworks, runInside } from '../e2e/inside.js';

const why = noNetworks();

void test(
  'three daemons: killed replicas and daemons leave the machine running, and protected again',
  { skip: why ?? false, timeout: 120_000 },
  (t) => {
    const { status, output } = runInside('../host/daemons-inside.js', 110_000);
    for (const line of output.trim().split('\n').slice(0, 20)) t.diagnostic(line);
    assert.equal(status, 0, output);
  },
);
