import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

import { mainScript } from '../../src/cli/project-paths.js';
import { noNetworks } from './inside.js';

interface Summary {
  readonly increments: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly connectionSurvived: boolean;
}

for (const [replication, seed, kills] of [
  ['replay', '3', '3'],
  ['checkpoint', '4', '2'],
] as const) {
  const name = `the demo by ${replication}: primaries and backups are killed, nothing is lost or doubled`;
  void test(name, { skip: noNetworks() ?? false, timeout: 200_000 }, () => {
    const options = [
      ...['--replication', replication, '--kills-per-boot', kills, '--victim', 'random'],
      ...['--seed', seed, '--after', '0.5'],
    ];
    const result = spawnSync(process.execPath, [mainScript, 'demo', ...options, '--json'], {
      encoding: 'utf8',
      timeout: 190_000,
    });
    assert.equal(result.status, 0, `${result.stderr}${result.stdout}`);
    const last = result.stdout.trim().split('\n').at(-1) ?? '';
    const summary = JSON.parse(last) as Summary;
    assert.deepEqual(Object.keys(summary), [
      'increments',
      'lost',
      'duplicated',
      'connectionSurvived',
      'detectMs',
      'goLiveMs',
      'clientGapMs',
      'logMbitPerS',
    ]);
    const { increments, lost, duplicated, connectionSurvived } = summary;
    assert.ok(increments > 0);
    const kept = { lost: 0, duplicated: 0, connectionSurvived: true };
    assert.deepEqual({ lost, duplicated, connectionSurvived }, kept);
  });
}
