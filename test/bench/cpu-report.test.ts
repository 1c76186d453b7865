import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  benchInstructions,
  bootSeconds,
  median,
  medianSeconds,
  parseGuestResult,
  report,
} from '../../src/bench/cpu-report.js';

const console_ = [
  'bench: crc32          68224522 0.967 s',
  'bench: floating-point 933ba758 1.829 s',
  'bench: total 2.796 s',
  '[   10.966334] reboot: Power down',
].join('\r\n');

void describe('CPU benchmark report', () => {
  void test('reads checksums without their times', () => {
    assert.deepEqual(parseGuestResult(console_), {
      checksums: 'crc32 68224522, floating-point 933ba758',
      totalSeconds: 2.796,
      subjectSeconds: { crc32: 0.967, 'floating-point': 1.829 },
    });
  });

  void test('boot is all until the first subject began', () => {
    const lines = [
      { text: '[    0.359508] PCI: Fatal: No config space access function found', atMs: 700 },
      { text: 'bench: crc32          68224522 0.500 s', atMs: 4500 },
      { text: 'bench: floating-point 933ba758 1.829 s', atMs: 6800 },
    ];
    assert.equal(bootSeconds(lines), 4);
    assert.equal(bootSeconds(lines.slice(0, 1)), null);
  });

  void test('subjects have medians of their own', () => {
    const rounds = [
      { boot: 3, sort: 0.5 },
      { boot: 2, sort: 0.7 },
      { boot: 9, sort: 0.6 },
    ];
    assert.deepEqual(medianSeconds(rounds), { boot: 3, sort: 0.6 });
    assert.equal(medianSeconds([]), null);
  });

  void test('a benchmark that did not end has no result', () => {
    assert.equal(parseGuestResult(console_.split('bench: total')[0] ?? ''), null);
  });

  void test('the median of an even count is between the middle two', () => {
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.equal(median([5, 1, 3]), 3);
  });

  void test('ratios are of medians', () => {
    const result = report(
      {
        vmft: [1000, 1100, 9000],
        vmftRecord: [1155, 1155, 1155],
        vmftReplay: [1270.5, 1, 5000],
        qemuTcg: [550],
        qemuRecord: [2310],
      },
      [1, 2, 3],
      [50 * 2 ** 20, 100 * 2 ** 20],
      {
        vmft: [{ sort: 2 }, { sort: 4 }],
        vmftRecord: [{ sort: 3 }],
        qemuTcg: [{ sort: 1 }],
        native: [],
      },
    );
    assert.deepEqual(result, {
      ratioToQemuTcg: 2,
      ratioToQemuRecord: 0.5,
      recordCost: 1.05,
      replayCost: 1.1,
      guestMips: Math.round(benchInstructions / 2e6),
      memoryOverheadMiB: 100,
      subjectSeconds: {
        vmft: { sort: 3 },
        vmftRecord: { sort: 3 },
        qemuTcg: { sort: 1 },
        native: null,
      },
    });
  });

  void test('without QEMU its ratios are null', () => {
    const times = { vmft: [1], vmftRecord: [1], vmftReplay: [1], qemuTcg: null, qemuRecord: null };
    const subjects = { vmft: [], vmftRecord: [], qemuTcg: [], native: [] };
    const result = report(times, [1], [0], subjects);
    assert.equal(result.ratioToQemuTcg, null);
    assert.equal(result.ratioToQemuRecord, null);
  });
});
