import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { channelName, RoundTrips } from '../../src/bench/latency/round-trips.js';
import { rateWords } from '../../src/bench/shaping.js';
import { rateOf, serverCommand } from '../../src/bench/table2/iperf3.js';
import { logBetween } from '../../src/bench/table2/log-between.js';
import { TransferTable } from '../../src/bench/table2/transfer-table.js';
import type { VmftEvent } from '../../src/cli/demo/vmft-process.js';

/** As iperf3 3.12 reports it, cut down: an interval each half second. */
function report(mbyteEach: readonly number[], more: object = {}): string {
  const intervals = mbyteEach.map((mbyte, index) => ({
    sum: { start: index / 2, end: (index + 1) / 2, seconds: 0.5, bytes: mbyte * 1e6 },
  }));
  return JSON.stringify({ start: {}, intervals, end: {}, ...more });
}

function status(realtimeMs: number, recordedBytes: number, phase = 'protected'): VmftEvent {
  return { type: 'status', realtimeMs, phase, recordedBytes };
}

void describe('table 2', () => {
  void test('the rate is that of the intervals behind the start', () => {
    assert.equal(rateOf(report([1, 50, 60]), 0.5), 880);
  });

  void test('a transfer that failed is an error, and so is no report', () => {
    assert.throws(
      () => rateOf(report([1], { error: 'the server is busy' }), 0),
      /iperf3 failed: the server is busy/,
    );
    assert.throws(() => rateOf('', 0), /gave no report/);
    assert.throws(() => rateOf(report([1]), 0.5), /measured nothing/);
  });

  void test('the server is found by its port in hexadecimal', () => {
    assert.match(serverCommand(5201), /:1451 /);
  });

  void test('the log is that of the time in between', () => {
    const events = [status(0, 0), status(200, 9e6), status(1_200, 59e6), status(1_400, 60e6)];
    assert.equal(logBetween(events, 100, 1_300), 400);
    assert.throws(() => logBetween(events, 100, 300), /too little/);
  });

  void test('a pair that fell apart while it was measured is an error', () => {
    const events = [status(0, 0), status(200, 1, 'unprotected'), status(400, 2)];
    assert.throws(() => logBetween(events, 0, 400), /not protected/);
    const lost = { type: 'backup-lost', realtimeMs: 250 };
    assert.throws(() => logBetween([status(0, 0), lost, status(400, 2)], 0, 400), /fell apart/);
  });

  void test('a row for each direction and channel with a turn, and a reason for what was refused', () => {
    const table = new TransferTable();
    const turn = { alone: 800, pair: 400, logMbitPerS: 420 };
    table.add('transmit', 1, turn);
    table.add('receive', null, turn);
    table.add('receive', null, { ...turn, pair: 500 });
    table.refuse(10, 'no tbf');
    assert.deepEqual(
      table.rows().map((row) => [row.direction, row.channelGbitPerS, row.turns.length]),
      [
        ['receive', null, 2],
        ['transmit', 1, 1],
      ],
    );
    assert.deepEqual(table.skipped(), [
      { row: 'receive, channel of 10 Gbit/s', why: 'no tbf' },
      { row: 'transmit, channel of 10 Gbit/s', why: 'no tbf' },
    ]);
    assert.deepEqual([table.isRefused(10), table.isRefused(1)], [true, false]);
  });

  void test('a channel of 1 Gbit/s: a millisecond at once, ten that wait', () => {
    assert.equal(rateWords(1).join(' '), 'root tbf rate 1000000000bit burst 125000 limit 1250000');
  });
});

void describe('latency', () => {
  void test('samples of all rounds come together, ping and TCP apart', () => {
    const trips = new RoundTrips();
    trips.add(null, { ping: [1], exchange: [2] });
    trips.add(5, { ping: [6], exchange: [7] });
    trips.add(null, { ping: [1.5], exchange: [2.5] });
    trips.refuse(10, 'no tap');
    assert.deepEqual(trips.rows(), [
      { probe: 'ping', channelRoundTripMs: null, samplesMs: [1, 1.5] },
      { probe: 'ping', channelRoundTripMs: 5, samplesMs: [6] },
      { probe: 'tcp', channelRoundTripMs: null, samplesMs: [2, 2.5] },
      { probe: 'tcp', channelRoundTripMs: 5, samplesMs: [7] },
    ]);
    assert.deepEqual(trips.skipped(), [{ row: channelName(10), why: 'no tap' }]);
  });
});
