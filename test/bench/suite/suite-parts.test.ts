import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { failoverPlan, killsOfBoot } from '../../../src/bench/failover/plan.js';
import {
  distributionName,
  guestPackages,
  processorName,
} from '../../../src/bench/suite/machine-facts.js';
import { parseResult, resultText } from '../../../src/bench/suite/result-file.js';
import type { BenchResult } from '../../../src/bench/suite/result.js';
import {
  benchCommandLine,
  sectionOfWord,
  wordsOfSection,
} from '../../../src/bench/suite/section-words.js';
import { minutesAndSeconds } from '../../../src/bench/suite/suite-progress.js';
import { shareOfFirst } from '../../../src/bench/suite/time-budget.js';
import { softAccelerator } from '../../../src/flow/machine/accelerator.js';

void describe('shares of time', () => {
  void test('the first may use what the others do not expect to need', () => {
    const expected = [
      ['table1', 100],
      ['idle', 50],
    ] as const;
    assert.deepEqual(shareOfFirst(expected, 1_000, 1_400, 100), {
      softEndMs: 1_250,
      hardEndMs: 1_330,
    });
  });

  void test('when there is too little for all, each has its part of it', () => {
    const expected = [
      ['table1', 300],
      ['idle', 100],
    ] as const;
    assert.equal(shareOfFirst(expected, 1_000, 1_300, 100).softEndMs, 1_150);
    // Nothing is left: it is told so at once, and is ended when all is over.
    assert.deepEqual(shareOfFirst(expected, 1_250, 1_300, 100), {
      softEndMs: 1_250,
      hardEndMs: 1_300,
    });
  });

  void test('a boot gets the kills that are missing, and no more than fit', () => {
    const plan = failoverPlan(true);
    assert.equal(killsOfBoot(plan, 0, 1e6), 10);
    assert.equal(killsOfBoot(plan, 17, 1e6), 3);
    assert.equal(killsOfBoot(plan, 20, 1e6), 0);
    assert.equal(killsOfBoot(plan, 0, 8_000 + 5 * 2_750), 5);
    assert.equal(killsOfBoot(plan, 0, 5_000), 0);
  });
});

void describe('words of the bench', () => {
  void test('sections by their words, commands that measure one alone', () => {
    assert.equal(sectionOfWord('1'), 'table1');
    assert.equal(sectionOfWord('table2'), 'table2');
    assert.equal(sectionOfWord('idle'), 'idle');
    assert.equal(sectionOfWord('3'), null);
    const options = { accelerator: softAccelerator, quick: true, seed: 1 } as const;
    assert.equal(
      benchCommandLine(false, wordsOfSection('table1', { ...options, replication: 'auto' })),
      'vmft bench --table 1 --quick',
    );
    const other = {
      ...{ quick: false, seed: 7, replication: 'checkpoint' as const },
      accelerator: { name: 'kvm', counter: { kind: 'none', skid: 0, randomSeed: 1 } },
    } as const;
    assert.equal(
      benchCommandLine(true, wordsOfSection('scale', other)),
      'npm run bench -- --table scale --accel kvm --counter none,skid=0,seed=1 --replication checkpoint --seed 7',
    );
  });

  void test('what was typed can be typed again', () => {
    assert.equal(benchCommandLine(true, []), 'npm run bench');
    assert.equal(
      benchCommandLine(false, ['--json', 'a b.json', "it's"]),
      "vmft bench --json 'a b.json' 'it'\\''s'",
    );
  });

  void test('times for people', () => {
    assert.equal(minutesAndSeconds(75_400), '1:15');
    assert.equal(minutesAndSeconds(3_600_000), '60:00');
  });
});

void describe('facts of the machine', () => {
  void test('from the kernel’s and the distribution’s files', () => {
    assert.equal(processorName('processor : 0\nmodel name\t: AMD EPYC\n'), 'AMD EPYC');
    assert.equal(processorName(''), 'unknown');
    assert.equal(distributionName('NAME="x"\nPRETTY_NAME="Debian 12"\n'), 'Debian 12');
    assert.equal(distributionName('PRETTY_NAME=Void\n'), 'Void');
  });

  void test('of the guest’s packages those that matter, each once', () => {
    const lists = [
      ['libc6_2.36-9_amd64', 'bash_5.2_amd64', 'busybox-static_1%3a1.35_amd64'],
      ['libc6_2.36-9', 'postgresql-15_15.20-0+deb12u1', 'postgresql-common_248'],
    ];
    assert.deepEqual(guestPackages(lists), [
      'libc6 2.36-9',
      'busybox-static 1:1.35',
      'postgresql-15 15.20-0+deb12u1',
    ]);
  });
});

void describe('results as files', () => {
  const nothing = { rows: [], skipped: [], durationMs: 1, command: 'c' };
  const result: BenchResult = {
    ...{ version: 1, startedAtMs: 1, durationMs: 2, command: 'vmft bench', quick: true },
    ...{ accelerator: 'soft', replication: null },
    machine: {
      ...{ processor: 'P', cores: 2, memoryMiB: 4096, kernel: 'K', distribution: 'D', node: 'N' },
      ...{ vmft: 'V', loadAtStart: 0.5, guest: ['libc6 2.36'] },
    },
    sections: {
      table1: {
        ...nothing,
        rows: [
          {
            ...{ workload: 'oltp', reads: 'log', unit: 'transactions/s' },
            turns: [{ alone: 10, pair: 9, logMbitPerS: 3 }],
          },
        ],
      },
      table2: {
        ...nothing,
        rows: [{ direction: 'receive', channelGbitPerS: null, turns: [] }],
        skipped: [{ row: '10 Gbit/s', why: 'no tc' }],
      },
      latency: {
        ...nothing,
        rows: [{ probe: 'ping', channelRoundTripMs: 0.1, samplesMs: [1, 2] }],
      },
      failover: {
        ...nothing,
        rows: [
          {
            kills: [{ detectMs: 100, goLiveMs: 5, clientGapMs: NaN }],
            ...{ increments: 5, lost: 0, doubled: 0, connectionSurvived: true },
          },
        ],
      },
      idle: {
        ...nothing,
        rows: [
          {
            guest: 'idle',
            turns: [{ logMbitPerS: 1, cpuAlone: 0, cpuPrimary: 0.1, cpuBackup: 0.1 }],
          },
        ],
      },
      scale: null,
    },
  };

  void test('what is written is read again, what was not to be had as such', () => {
    assert.deepEqual(parseResult(resultText(result), 'a.json'), result);
  });

  void test('what is none is refused with its name and the place', () => {
    assert.throws(() => parseResult('{', 'a.json'), /a\.json is not JSON/);
    assert.throws(
      () => parseResult('{}', 'a.json'),
      /a\.json is not a result of vmft bench: version/,
    );
    const odd = resultText(result).replace('"ping"', '"pong"');
    assert.throws(() => parseResult(odd, 'a.json'), /sections\.latency\.rows\.0\.probe/);
    assert.throws(
      () => parseResult(resultText(result).replace('"version": 1', '"version": 2'), 'a'),
      {
        code: 'usage',
      },
    );
  });
});
