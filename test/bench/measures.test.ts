import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { cpuTimeMsOf, overheadBytesOf } from '../../src/bench/guest/process-cost.js';
import { pingTimesMs } from '../../src/bench/latency/probes.js';
import { spreadOf } from '../../src/bench/spread.js';

const mib = 2 ** 20;

void describe('what benchmarks measure', () => {
  void test('ping’s times, without the first, which waits for the neighbour', () => {
    const text = [
      'PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.',
      '64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=3.11 ms',
      '64 bytes from 10.0.0.2: icmp_seq=2 ttl=64 time=0.402 ms',
      '64 bytes from 10.0.0.2: icmp_seq=11 ttl=64 time=12 ms',
    ].join('\n');
    assert.deepEqual(pingTimesMs(text), [0.402, 12]);
  });

  void test('the 99th percentile of a hundred values is the last but one', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.deepEqual(spreadOf(values), { median: 50.5, p99: 99 });
    assert.equal(spreadOf([]), null);
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
    // The same pages twice, and others of their kind.
    const shared = (access: string, inode: number): string =>
      `7f0000000000-7f0002000000 ${access} 00000000 00:01 ${inode} /dev/zero (deleted)\nRss: 2048 kB`;
    const code = [shared('rw-s', 5), shared('r-xs', 5), shared('rw-s', 6)];
    assert.equal(overheadBytesOf([merged, ...code].join('\n'), 256 * mib), 5 * mib);
  });
});
