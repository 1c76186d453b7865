import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  replicationReport,
  replicationTable,
  type ReplicationSample,
} from '../../src/bench/replication-report.js';

function sample(
  replication: ReplicationSample['replication'],
  pairMips: number,
  pairMs: number,
): ReplicationSample {
  return {
    replication,
    spin: { aloneMips: 500, pairMips, mbitPerS: 0.2 },
    writer: { aloneMips: 400, pairMips: 100, mbitPerS: 900 },
    idleMbitPerS: 0.02,
    alone: { exchange: [1, 1, 1], ping: [] },
    pair: { exchange: [pairMs, pairMs, 50], ping: [] },
  };
}

void describe('replication benchmark report', () => {
  const samples = [
    sample('replay', 450, 2),
    sample('checkpoint', 350, 25),
    sample('checkpoint', 300, 25),
    sample('replay', 470, 2),
  ];

  test('each kind is compared with itself unprotected, by medians over its turns', () => {
    const [replay, checkpoint] = replicationReport(samples);
    assert.equal(replay?.replication, 'replay');
    assert.equal(replay.spinRatio, 0.92);
    assert.equal(checkpoint?.spinRatio, 0.65);
    assert.equal(checkpoint.writerMbitPerS, 900);
    assert.deepEqual(checkpoint.exchange.pair, { median: 25, p99: 50 });
    assert.equal(checkpoint.ping, null);
  });

  test('a kind that was not measured has no column', () => {
    assert.equal(replicationReport(samples.slice(0, 1)).length, 1);
  });

  test('the table has a line for each subject and says what was not measured', () => {
    const lines = replicationTable(replicationReport(samples));
    assert.match(lines[0] ?? '', /^ +replay +checkpoint$/);
    assert.ok(
      lines.some((line) => /^TCP exchange.*\+1 ms.*\+24 ms/.test(line)),
      lines.join('\n'),
    );
    assert.ok(lines.some((line) => /^ping.*not measured +not measured/.test(line)));
  });
});
