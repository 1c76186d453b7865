import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { pingTimesMs } from '../../src/bench/pair-latency.js';
import { cpuTimeMsOf, overheadBytesOf } from '../../src/bench/guest/process-cost.js';
import {
  goalsOf,
  pairReport,
  spreadOf,
  tableOf,
  type PairSamples,
} from '../../src/bench/pair-report.js';

const mib = 2 ** 20;

const samples: PairSamples = {
  spin: [
    { alone: { unitsPerS: 200, mips: 500 }, pair: { unitsPerS: 190, mips: 460 } },
    // A host that was busy for a while was so for both.
    { alone: { unitsPerS: 100, mips: 250 }, pair: { unitsPerS: 95, mips: 230 } },
  ],
  idle: [{ logMbitPerS: 0.008, cpuShare: { primary: 0.02, backup: 0.01 } }],
  latency: [
    { alone: { ping: [0.4, 0.5, 0.6], exchange: [0.7] }, pair: { ping: [1], exchange: [2.5] } },
  ],
  kills: [
    { detectMs: 110, goLiveMs: 4, clientGapMs: 209 },
    { detectMs: 120, goLiveMs: 6, clientGapMs: 251 },
    { detectMs: 130, goLiveMs: 5, clientGapMs: 208 },
  ],
  clientFaults: 0,
  overheadBytes: [
    { primary: 110 * mib, backup: 90 * mib },
    { primary: 151 * mib, backup: 80 * mib },
  ],
};

void describe('pair benchmark report', () => {
  void test('ratios are of turns next to each other, times are medians, memory is the most', () => {
    const report = pairReport(samples);
    assert.equal(report.spinRatio, 0.95);
    assert.equal(report.spinMipsRatio, 0.92);
    assert.equal(report.pingMs?.addedMedian, 0.5);
    assert.equal(report.exchangeMs.addedMedian, 1.8);
    assert.deepEqual(
      [report.detectMs, report.goLiveMs, report.clientGapMs, report.clientGapMsMax],
      [120, 5, 209, 251],
    );
    assert.deepEqual(report.memoryOverheadMiB, { primary: 151, backup: 90 });
  });

  void test('each goal is met or missed by what was measured', () => {
    const missed = goalsOf(pairReport(samples)).filter(({ met }) => !met);
    assert.deepEqual(
      missed.map(({ subject }) => subject),
      ['TCP exchange, added by protection, median', 'memory of the primary beyond the guest’s'],
    );
    assert.equal(
      tableOf(pairReport(samples)).filter((line) => line.endsWith('MISSED')).length,
      missed.length,
    );
  });

  void test('without ping there is no goal for it', () => {
    const latency = [
      { alone: { ping: [], exchange: [1] }, pair: { ping: [], exchange: [1.5] } },
    ] as const;
    const report = pairReport({ ...samples, latency });
    assert.equal(report.pingMs, null);
    assert.ok(goalsOf(report).every(({ subject }) => !subject.startsWith('ping')));
  });

  void test('the 99th percentile of a hundred values is the last but one', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.deepEqual(spreadOf(values), { median: 50.5, p99: 99 });
    assert.equal(spreadOf([]), null);
  });
});

void describe('pair benchmark measures', () => {
  void test('ping’s times, without the first, which waits for the neighbour', () => {
    const text = [
      'PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.',
      '64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=3.11 ms',
      '64 bytes from 10.0.0.2: icmp_seq=2 ttl=64 time=0.402 ms',
      '64 bytes from 10.0.0.2: icmp_seq=11 ttl=64 time=12 ms',
    ].join('\n');
    assert.deepEqual(pingTimesMs(text), [0.402, 12]);
  });

  void test('CPU time of a process with an odd name', () => {
    const fields = '1 1 0 -1 4194304 1 0 0 0 250 50 0 0 20 0 1 0 1';
    assert.equal(cpuTimeMsOf(`7 (a) b (c) S 0 ${fields}`), 3000);
  });

  void test('what is resident outside the guest’s memory', () => {
    const mapping = (from: number, to: number, residentKb: number): string =>
      `${(from * mib).toString(16)}-${(to * mib).toString(16)} rw-p 00000000 00:00 0 \nRss: ${residentKb} kB`;
    const smaps = [mapping(1, 41, 30_720), mapping(100, 357, 102_400), mapping(400, 2400, 1024)];
    // 30 MiB of a small mapping, 1 MiB of a sparse one larger than the guest, nothing of the guest.
    assert.equal(overheadBytesOf(smaps.join('\n'), 256 * mib), 31 * mib);
    // All of it resident, and something merged into it.
    const merged = mapping(100, 357, 257 * 1024);
    assert.equal(overheadBytesOf(merged, 256 * mib), mib);
  });
});
