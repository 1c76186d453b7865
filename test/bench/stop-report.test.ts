import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { linesOf, stopReport, type ReplicaWork } from '../../src/bench/stop-report.js';
import { workBetween } from '../../src/bench/stop-workload.js';

const vcpu = { exitNs: 1_000, stepNs: 2_000, stateGetNs: 20_000, stateSetNs: 30_000 };
const perf = {
  ...{ stops: 100, stopNsMedian: 12_000, stopNsMax: 90_000, hitsMedian: 4 },
  ...{ skidMedian: 100, skidMax: 900, skidAllowed: 10_000 },
};
const work: ReplicaWork = {
  ...{ workload: 'replay of debian', counter: 'perf', seconds: 10, virtualSeconds: 8 },
  ...{ ownExits: 5000, exactStops: 400, breakpointHits: 900, stopNs: 50_000_000, positions: 8000 },
};

void describe('stop benchmark report', () => {
  void test('a replica’s stops by the guest’s second and as a share of its time', () => {
    const [found] = stopReport(vcpu, [{ kind: 'perf', cost: perf }], [work]).work;
    assert.equal(found?.stopsPerGuestSecond, 50);
    assert.equal(found.stopShare, 0.005);
    assert.equal(found.stopUs, 125);
    // 1000 positions a second, each 10,000 branches of 2 instructions of 2 µs.
    assert.deepEqual(found.plain, { stopsPerGuestSecond: 1000, secondsPerGuestSecond: 40 });
  });

  void test('nothing is calculated from what was not measured', () => {
    const [unknown] = stopReport(vcpu, [{ kind: 'perf', unavailable: 'none' }], [work]).work;
    assert.equal(unknown?.plain, null);
    const [without] = stopReport(vcpu, [], [{ ...work, positions: null, exactStops: 0 }]).work;
    assert.equal(without?.plain, null);
    assert.equal(without.stopUs, 0);
  });

  void test('a counter that is not there says why', () => {
    const report = stopReport(
      vcpu,
      [
        { kind: 'perf', unavailable: 'no such event' },
        { kind: 'step', cost: { ...perf, skidAllowed: 0 } },
      ],
      [],
    );
    const lines = linesOf(report);
    assert.ok(lines.some((line) => /counter perf +not measured: no such event/.test(line)));
    assert.ok(lines.some((line) => /counter step +12 µs/.test(line)));
  });

  void test('a backup’s work lies between two of its status events', () => {
    const at = (realtimeMs: number, scale: number): Parameters<typeof workBetween>[0] => ({
      type: 'status',
      realtimeMs,
      virtualNs: scale * 1e9,
      stops: {
        ...{ ownExits: 10 * scale, forcedExits: 0, exactStops: 2 * scale },
        ...{ breakpointHits: 3 * scale, stopNs: 5000 * scale },
      },
    });
    const found = workBetween(at(1000, 1), at(3000, 4), 'perf');
    assert.deepEqual(found, {
      ...{ workload: 'backup of the demo', counter: 'perf', seconds: 2, virtualSeconds: 3 },
      ...{ ownExits: 30, exactStops: 6, breakpointHits: 9, stopNs: 15_000, positions: null },
    });
  });
});
