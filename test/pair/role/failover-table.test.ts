import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

import {
  decideFailover,
  failoverTable,
  type Situation,
} from '../../../src/pair/role/failover-table.js';

const sound: Situation = {
  role: 'backup',
  committed: true,
  channel: 'open',
  peer: 'heard',
  patience: 'left',
  guest: 'running',
  settled: false,
  diverged: false,
  handOver: 'none',
  flag: 'untouched',
};

/** Every situation there is. */
function* situations(): Generator<Situation> {
  for (const role of ['primary', 'backup'] as const)
    for (const committed of role === 'primary' ? [true] : [true, false])
      for (const channel of ['open', 'broken', 'ended'] as const)
        for (const peer of ['heard', 'silent'] as const)
          for (const patience of ['left', 'over'] as const)
            for (const guest of ['running', 'ended'] as const)
              for (const settled of [true, false])
                for (const diverged of [true, false])
                  for (const handOver of ['none', 'given', 'taken'] as const)
                    for (const flag of ['untouched', 'attempted', 'won', 'lost'] as const)
                      yield {
                        role,
                        committed,
                        channel,
                        peer,
                        patience,
                        guest,
                        settled,
                        diverged,
                        handOver,
                        flag,
                      };
}

describe('the failover table', () => {
  it('has a row for every situation, and a situation for every row', () => {
    const used = new Set<string>();
    for (const situation of situations()) used.add(decideFailover(situation).label);
    assert.deepEqual([...used].sort(), failoverTable.map((row) => row.label).sort());
  });

  it('never lets a replica be seen alone without the flag', () => {
    for (const situation of situations()) {
      const { decision } = decideFailover(situation);
      if (decision === 'go-live' || decision === 'go-alone') assert.equal(situation.flag, 'won');
      if (situation.flag === 'lost') assert.ok(decision === 'stop' || decision === 'discard');
    }
  });

  it('never lets an uncommitted or diverged backup try for the flag', () => {
    for (const situation of situations()) {
      if (situation.role !== 'backup' || situation.flag !== 'untouched') continue;
      const { decision } = decideFailover(situation);
      if (!situation.committed || situation.diverged) assert.notEqual(decision, 'arbitrate');
    }
  });

  it('lets a primary end without the flag only when the guest ended or the backup has the machine', () => {
    for (const situation of situations()) {
      const { decision, label } = decideFailover(situation);
      if (situation.role !== 'primary' || decision !== 'finish') continue;
      const ended = situation.guest === 'ended' && situation.settled;
      const taken = situation.handOver === 'taken';
      assert.ok(ended || taken, label);
    }
  });

  it('does not go back on an attempt when the peer is heard again', () => {
    const row = decideFailover({ ...sound, flag: 'attempted', peer: 'heard' });
    assert.deepEqual([row.label, row.decision], ['A4', 'wait']);
  });

  it('is the table of docs/failover.md', () => {
    const page = readFileSync(new URL('../../../../docs/failover.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| +([ABP]\d+) +\|(.*?)\| +([a-z-]+) +\|/gm)].map((row) => [
      row[1],
      row[3],
    ]);
    assert.deepEqual(
      rows,
      failoverTable.map((row) => [row.label, row.decision]),
    );
  });
});
