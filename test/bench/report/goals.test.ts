import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { goalNames, goalsOf, type Goal, type GoalName } from '../../../src/bench/report/goals.js';
import type { BenchResult, Turn } from '../../../src/bench/suite/result.js';
import { resultOf } from './fixture.js';

type Sections = BenchResult['sections'];
type Rows<Name extends keyof Sections> = NonNullable<Sections[Name]>['rows'];

function with_<Name extends keyof Sections>(
  name: Name,
  change: (row: Rows<Name>[number]) => unknown,
  result = good(),
): BenchResult {
  const section = result.sections[name];
  assert.ok(section !== null);
  const rows = (section.rows as readonly Rows<Name>[number][]).map(change);
  return { ...result, sections: { ...result.sections, [name]: { ...section, rows } } };
}

function turns(ratio: number, logMbitPerS: number): Turn[] {
  return [1, 2, 3].map((alone) => ({ alone, pair: alone * ratio, logMbitPerS }));
}

/** Every goal is met, by little. */
function good(): BenchResult {
  let result = resultOf(1);
  result = with_('table1', (row) => ({ ...row, turns: turns(0.97, 3) }), result);
  result = with_('table2', (row) => ({ ...row, turns: turns(0.95, 100) }), result);
  result = with_(
    'idle',
    (row) => ({ ...row, turns: [{ ...row.turns[0], logMbitPerS: 0.1 }] }),
    result,
  );
  return with_(
    'scale',
    (row) => ({ ...row, overheadMiB: [{ primary: 150, backup: 149 }] }),
    result,
  );
}

function stateOf(result: BenchResult, name: GoalName): Goal['state'] | undefined {
  return goalsOf(result).find((goal) => goal.name === name)?.state;
}

function missedIn(result: BenchResult): GoalName[] {
  return goalsOf(result)
    .filter(({ state }) => state === 'missed')
    .map(({ name }) => name);
}

describe('the goals of the bench', () => {
  test('are each told, and met at their very limits', () => {
    const goals = goalsOf(good());
    assert.deepEqual(
      goals.map(({ name, state }) => [name, state]),
      goalNames.map((name) => [name, 'met']),
    );
  });

  test('are missed when one of the two ways to read the disk misses', () => {
    const result = with_('table1', (row) =>
      row.workload === 'oltp' && row.reads === 'backup' ? { ...row, turns: turns(0.969, 3) } : row,
    );
    assert.deepEqual(missedIn(result), ['oltp']);
    const goal = goalsOf(result).find(({ name }) => name === 'oltp');
    assert.equal(goal?.measured, '0.970 (reads logged), 0.969 (reads on backup)');
    assert.match(goal?.cause ?? '', /processors/);
  });

  test('speak of the median, not of one turn', () => {
    const result = with_('table1', (row) => ({
      ...row,
      turns: [...turns(0.98, 1), ...turns(0.5, 9).slice(0, 1)],
    }));
    assert.deepEqual(missedIn(result), []);
  });

  const worse: [GoalName, BenchResult][] = [
    [
      'managed',
      with_('table1', (row) =>
        row.workload === 'managed' ? { ...row, turns: turns(0.96, 1) } : row,
      ),
    ],
    [
      'compile-log',
      with_('table1', (row) =>
        row.workload === 'compile' ? { ...row, turns: turns(0.97, 3.1) } : row,
      ),
    ],
    [
      'web-shop',
      with_('table1', (row) =>
        row.workload === 'web-shop' ? { ...row, turns: turns(0.93, 1) } : row,
      ),
    ],
    [
      'receive',
      with_('table2', (row) =>
        row.direction === 'receive' ? { ...row, turns: turns(0.89, 1) } : row,
      ),
    ],
    [
      'transmit',
      with_('table2', (row) =>
        row.direction === 'transmit' ? { ...row, turns: turns(0.94, 1) } : row,
      ),
    ],
    [
      'idle-log',
      with_('idle', (row) => ({ ...row, turns: [{ ...row.turns[0], logMbitPerS: 0.11 }] })),
    ],
    [
      'idle-cpu',
      with_('idle', (row) => ({ ...row, turns: [{ ...row.turns[0], cpuBackup: 0.011 }] })),
    ],
    [
      'ping',
      with_('latency', (row) =>
        row.probe === 'ping' && row.channelRoundTripMs === 0
          ? { ...row, samplesMs: [9, 9, 9] }
          : row,
      ),
    ],
    [
      'tcp',
      with_('latency', (row) =>
        row.probe === 'tcp' && row.channelRoundTripMs === 0
          ? { ...row, samplesMs: [9, 9, 9] }
          : row,
      ),
    ],
    [
      'client-gap',
      with_('failover', (row) => ({
        ...row,
        kills: row.kills.map((kill) => ({ ...kill, clientGapMs: 1001 })),
      })),
    ],
    ['lost', with_('failover', (row) => ({ ...row, doubled: 1 }))],
    ['lost', with_('failover', (row) => ({ ...row, connectionSurvived: false }))],
    [
      'memory',
      with_('scale', (row) =>
        row.subject === 'memory' ? { ...row, overheadMiB: [{ primary: 100, backup: 151 }] } : row,
      ),
    ],
    ['time', { ...good(), durationMs: 60 * 60_000 + 1000 }],
    ['time', { ...good(), quick: true, durationMs: 11 * 60_000 }],
  ];
  for (const [name, result] of worse) {
    test(`${name} is missed, and nothing else`, () => {
      assert.deepEqual(missedIn(result), [name]);
    });
  }

  test('of the network do not count a channel of 1 Gbit/s', () => {
    const result = with_('table2', (row) =>
      row.channelGbitPerS === 1 ? { ...row, turns: turns(0.5, 1) } : row,
    );
    assert.deepEqual(missedIn(result), []);
  });

  test('of memory do not count several guests at once', () => {
    const result = with_('scale', (row) =>
      row.subject === 'guests' ? { ...row, overheadMiB: [{ primary: 600, backup: 600 }] } : row,
    );
    assert.deepEqual(missedIn(result), []);
  });

  test('are not met by what was not measured', () => {
    const { sections, ...rest } = good();
    const none = { ...sections, table1: null, latency: null, failover: null, scale: null };
    const states = new Map(
      goalsOf({ ...rest, sections: none }).map((goal) => [goal.name, goal.state]),
    );
    for (const name of ['managed', 'ping', 'client-gap', 'lost', 'memory', 'time'] as const) {
      assert.equal(states.get(name), 'not measured', name);
    }
    assert.equal(states.get('receive'), 'met');
    const nothing = with_('table1', (row) => ({ ...row, turns: [] }));
    assert.equal(stateOf(nothing, 'managed'), 'not measured');
  });
});
