import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { noNetworks } from '../e2e/inside.js';

const script = fileURLToPath(new URL('./rounds/main.js', import.meta.url));
const timeoutMs = 240_000;

test(
  'hosts protect a machine again and again without being asked',
  { skip: noNetworks() ?? false },
  () => {
    const words = ['--hosts', '2', '--rounds', '2', '--memory', '96M', '--kill', 'primary'];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [script, ...words, '--seed', '4'],
      {
        ...{ encoding: 'utf8', timeout: timeoutMs, killSignal: 'SIGKILL' },
      },
    );
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    // Each host has died once.
    assert.match(stdout, /^round 1 of 2: host a of the primary killed/m);
    assert.match(stdout, /^round 2 of 2: host b of the primary killed/m);
    const [, increments] =
      /(\d+) increments acknowledged, 0 lost, 0 doubled, connection kept/.exec(stdout) ?? [];
    assert.ok(Number(increments) > 100, stdout);
  },
);
