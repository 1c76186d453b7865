import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cpuGoals } from '../../../src/bench/cpu/goals.js';
import { LineTimes } from '../../../src/bench/cpu/line-times.js';
import { cpuTable } from '../../../src/bench/cpu/table.js';
import { parseWork } from '../../../src/bench/cpu/work-output.js';
import { workRow } from '../../../src/bench/cpu/work-report.js';
import { report } from '../../../src/bench/cpu-report.js';

const output = [
  'vmft: ready',
  'work: regex begins',
  'work: regex ends',
  'work: regex result 607725858-598 guest 9870 ms',
  'vmft: power off',
];

/** As of a serial console: a line every second, in pieces that end anywhere. */
function arrived(texts: readonly string[]): LineTimes {
  const lines = new LineTimes();
  texts.forEach((text, index) => {
    lines.take(text.slice(0, 7), index * 1000);
    lines.take(`${text.slice(7)}\r\n`, index * 1000 + 1);
  });
  return lines;
}

void describe('workloads of the CPU benchmark', () => {
  void test('a line has the time at which it was complete', () => {
    const lines = new LineTimes();
    lines.take('one\ntw', 5);
    lines.take('o\r\nthree\nfo', 9);
    assert.deepEqual(lines.lines, [
      { text: 'one', atMs: 5 },
      { text: 'two', atMs: 9 },
      { text: 'three', atMs: 9 },
    ]);
  });

  void test('a workload takes from its begin to its end by the host’s clock', () => {
    assert.deepEqual(parseWork(arrived(output).lines, 'regex'), {
      wallMs: 1000,
      ownMs: 9870,
      checksum: '607725858-598',
    });
  });

  void test('what did not end, or failed, or is another, has no result', () => {
    for (const missing of [1, 2, 3]) {
      const texts = output.filter((_, index) => index !== missing);
      assert.equal(parseWork(arrived(texts).lines, 'regex'), null, output[missing]);
    }
    assert.equal(parseWork(arrived(output).lines, 'python'), null);
    assert.equal(
      parseWork(arrived(['work: regex begins', 'work: regex FAILED']).lines, 'regex'),
      null,
    );
  });

  void test('ratios are of medians', () => {
    const times = { vmft: [9000, 1, 4000], qemuTcg: [8000, 5000], native: [500] };
    assert.deepEqual(workRow('python', times), {
      workload: 'python',
      seconds: { vmft: 4, qemuTcg: 6.5, native: 0.5 },
      ratioToQemuTcg: 0.615,
      ratioToNative: 8,
      qemuRatioToNative: 13,
    });
  });

  void test('who is not there has no figures', () => {
    const row = workRow('regex', { vmft: [1000], qemuTcg: null, native: null });
    assert.deepEqual(
      [row.ratioToQemuTcg, row.ratioToNative, row.qemuRatioToNative],
      [null, null, null],
    );
    assert.deepEqual(cpuGoals(null, [row]), [
      { figure: 'regex ratioToQemuTcg', wanted: '< 1', measured: null, state: 'not measured' },
    ]);
  });
});

void describe('goals of the CPU benchmark', () => {
  const subjects = {
    vmft: [{ boot: 1, sort: 0.5 }],
    vmftRecord: [],
    qemuTcg: [],
    native: [{ sort: 0.1 }],
  };
  const boot = (vmft: number, record: number, replay: number): ReturnType<typeof report> =>
    report(
      {
        vmft: [vmft],
        vmftRecord: [record],
        vmftReplay: [replay],
        qemuTcg: [1000],
        qemuRecord: null,
      },
      [1],
      [0],
      subjects,
    );

  void test('as fast as QEMU is not ahead of it; as much as is allowed is', () => {
    const states = cpuGoals(boot(1000, 1030, 1081.5), []).map(({ state }) => state);
    assert.deepEqual(states, ['missed', 'met', 'met']);
  });

  void test('a thousandth more or less', () => {
    const states = cpuGoals(boot(999, 1030, 1083), []).map(({ state }) => state);
    assert.deepEqual(states, ['met', 'missed', 'missed']);
  });

  void test('the table has every figure, and says what was missed', () => {
    const workloads = [workRow('compile', { vmft: [4000], qemuTcg: [2000], native: [100] })];
    const report_ = boot(500, 510, 515);
    const text = cpuTable({ boot: report_, workloads, goals: cpuGoals(report_, workloads) }).join(
      '\n',
    );
    assert.match(text, /^vmft run takes +0\.50 times as long as QEMU TCG$/m);
    assert.match(text, /^boot +1\.00 +– +– +–$/m);
    assert.match(text, /^sort +0\.50 +– +– +0\.10$/m);
    assert.match(text, /^compile +4\.00 +2\.00 +0\.10 +2\.00 +40\.00 +20\.00$/m);
    assert.match(text, /^goal: boot recordCost ≤ 1\.03: met \(1\.02\)$/m);
    assert.match(text, /^goal: compile ratioToQemuTcg < 1: MISSED \(2\)$/m);
  });
});
