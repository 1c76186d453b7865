import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { diskJobs, fioCommand, parseFio, type JobSample } from '../../src/bench/disk-jobs.js';
import {
  diskGoals,
  diskReport,
  diskTable,
  type DiskRound,
  type Holding,
} from '../../src/bench/disk-report.js';

/** As fio 3.33 prints it, cut down. */
function fioOutput(write: object, more: object = {}): string {
  const nothing = { io_bytes: 0, runtime: 0, bw_bytes: 0, iops: 0, total_ios: 0, clat_ns: {} };
  const job = { error: 0, read: nothing, write: { ...nothing, ...write }, ...more };
  return `fio: a warning\n${JSON.stringify({ jobs: [job] }, null, 2)}\n`;
}

const written = {
  ...{ io_bytes: 4_000_000, runtime: 2_000, bw_bytes: 2_000_000, iops: 500, total_ios: 1_000 },
  clat_ns: { percentile: { '50.000000': 300_000 } },
};

function sample(mbytePerS: number, latencyMs: number): JobSample {
  return {
    ...{ bytes: mbytePerS * 1e6, runtimeMs: 1000, mbytePerS, latencyMs },
    operationsPerS: mbytePerS * 244,
  };
}

function round(holding: Holding, job: string, alone: JobSample, pair: JobSample): DiskRound {
  return { holding, job, alone, pair: { ...pair, logMbitPerS: 80, logPerByte: 1.02 } };
}

const read = 'random read 4k, qd 16';
const write = 'random write 4k, qd 1';

const rounds = [
  round('shared, reads logged', read, sample(10, 1), sample(9.5, 1.1)),
  // A host that was busy for a while was so for both.
  round('shared, reads logged', read, sample(4, 3), sample(3.8, 3.2)),
  round('shared, reads logged', read, sample(10, 1), sample(1, 9)),
  round('shared, reads logged', write, sample(2, 0.2), sample(1, 1.5)),
  round('shared, reads on the backup', read, sample(10, 1), sample(9.5, 1.1)),
];

void describe('disk benchmark report', () => {
  void test('what fio says of a write, and of one with its flush', () => {
    const plain = parseFio(fioOutput(written));
    assert.deepEqual(
      [plain.mbytePerS, plain.operationsPerS, plain.latencyMs, plain.runtimeMs],
      [2, 500, 0.3, 2_000],
    );
    const sync = { lat_ns: { percentile: { '50.000000': 700_000 } } };
    assert.equal(parseFio(fioOutput(written, { sync })).latencyMs, 1);
  });

  void test('a job that failed is an error', () => {
    assert.throws(() => parseFio(fioOutput(written, { error: 5 })), /fio failed/);
    assert.throws(() => parseFio('sh: fio: not found\n'), /not found/);
  });

  void test('every job has its own name and command', () => {
    const commands = diskJobs.map((job) => fioCommand(job, '/dev/vdb', 1_000));
    assert.equal(new Set(commands).size, diskJobs.length);
    assert.equal(new Set(diskJobs.map(({ name }) => name)).size, diskJobs.length);
  });

  void test('ratios and differences are of turns next to each other, medians over the rounds', () => {
    const [logged] = diskReport(rounds);
    assert.equal(logged?.ratio, 0.95);
    assert.equal(logged.addedLatencyMs, 0.2);
    assert.deepEqual(logged.mbytePerS, { alone: 10, pair: 3.8 });
  });

  void test('each goal is met or missed by what was measured', () => {
    const missed = diskGoals(diskReport(rounds)).filter(({ met }) => !met);
    assert.deepEqual(
      missed.map(({ subject }) => subject),
      [
        `shared, reads logged: ${write}, throughput protected to unprotected`,
        `shared, reads logged: ${write}, latency added by protection`,
      ],
    );
  });

  void test('the table has the log of both ways to read side by side', () => {
    const line = diskTable(diskReport(rounds)).find((text) => text.startsWith(read));
    assert.match(line ?? '', /reads logged 80 .* on the backup 80 /);
  });
});
