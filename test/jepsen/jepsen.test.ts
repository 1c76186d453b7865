import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { noNetworks } from '../e2e/inside.js';
import { noEtcd } from '../storage/etcd.js';
import { whyNoTgt } from '../storage/tgt.js';
import { noRootImage } from './images.js';

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const skip = noNetworks() ?? noRootImage() ?? (noEtcd || whyNoTgt());
const timeoutMs = 400_000;

function run(t: TestContext, name: string, options: readonly string[], wanted = 0): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script(name), ...options], {
    encoding: 'utf8',
    timeout: timeoutMs - 10_000,
  });
  for (const line of stdout.trim().split('\n')) t.diagnostic(line);
  assert.equal(status, wanted, `${stdout}${stderr}`);
  return stdout;
}

const redisOnly = ['--workloads', 'redis-set,redis-bank', '--clients', '1', '--seed', '7'];

void test(
  'primaries are killed: nothing acknowledged is lost',
  { skip, timeout: timeoutMs },
  (t) => {
    run(t, './main.js', ['--kills', '2', '--mode', 'backup-read,private', ...redisOnly]);
  },
);

void test(
  'primaries die at each step of a write’s life: the same',
  { skip, timeout: timeoutMs },
  (t) => {
    run(t, './main.js', ['--crash-at', '5', '--mode', 'shared', ...redisOnly]);
  },
);

void test(
  'a disk that forgets what it was told last is noticed',
  { skip, timeout: timeoutMs },
  (t) => {
    const said = run(t, './main.js', ['--plant', ...redisOnly], 1);
    assert.match(
      said,
      /FAULT: redis-set: element .* was acknowledged and is missing in the last read/,
    );
    assert.match(said, /FAULT: redis-bank: transfer .* was acknowledged and is not in the ledger/);
  },
);

void test('storage fails: the guest sees a disk’s faults', { skip, timeout: timeoutMs }, (t) => {
  run(t, './faults/main.js', ['medium', 'target', '--short']);
});
