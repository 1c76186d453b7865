/** Results as `vmft bench` would measure them, made up from a seed. */

import { SeededRandom } from '../../../src/cli/demo/seeded-random.js';
import {
  resultVersion,
  workloadNames,
  type BenchResult,
  type IdleRow,
  type LatencyRow,
  type ScaleRow,
  type Table1Row,
  type Table2Row,
  type Turn,
} from '../../../src/bench/suite/result.js';

export function resultOf(seed: number, quick = false): BenchResult {
  const make = new Maker(seed, quick ? 2 : 5);
  const command = 'npm run bench -- --table all';
  const section = <Row>(name: string, rows: Row[], durationMs: number) => ({
    ...{ rows, skipped: [], durationMs },
    command: `npm run bench -- --table ${name}`,
  });
  return {
    version: resultVersion,
    startedAtMs: Date.UTC(2026, 10, 23, 16, 0),
    durationMs: quick ? 9.2 * 60_000 : 51 * 60_000,
    ...{ command, quick, accelerator: 'soft', replication: 'replay' },
    machine: {
      processor: 'AMD EPYC 7763 64-Core Processor',
      ...{
        cores: 2,
        memoryMiB: 7_950,
        kernel: '6.18.5',
        node: 'v20.20.2',
        vmft: '0.1.0 (0c9f2a1)',
      },
      ...{ distribution: 'Debian GNU/Linux 12 (bookworm)', loadAtStart: 0.31 },
      guest: ['Linux 6.1.0-40-cloud-amd64', 'PostgreSQL 15.14', 'OpenJDK 17.0.16', 'iperf3 3.12'],
    },
    sections: {
      table1: section('1', make.table1(), 1_500_000),
      table2: section('2', make.table2(), 420_000),
      latency: section('latency', make.latency(quick ? 100 : 400), 360_000),
      failover: section('failover', [make.failover(10), make.failover(10)], 240_000),
      idle: section('idle', make.idle(), 120_000),
      scale: section('scale', make.scale(), 600_000),
    },
  };
}

class Maker {
  readonly #random: SeededRandom;
  readonly #turns: number;

  constructor(seed: number, turns: number) {
    this.#random = new SeededRandom(seed);
    this.#turns = turns;
  }

  /** Within `share` of `value` to both sides. */
  #near(value: number, share: number): number {
    return value * (1 + share * (2 * this.#random.next() - 1));
  }

  #many<T>(count: number, make: () => T): T[] {
    return Array.from({ length: count }, make);
  }

  #turnsOf(alone: number, ratio: number, logMbitPerS: number): Turn[] {
    return this.#many(this.#turns, () => {
      const speed = this.#near(alone, 0.03);
      return {
        alone: speed,
        pair: speed * this.#near(ratio, 0.015),
        logMbitPerS: this.#near(logMbitPerS, 0.1),
      };
    });
  }

  table1(): Table1Row[] {
    const speeds = { managed: 5_120, compile: 412, oltp: 61.5, 'web-shop': 88 };
    const units = {
      managed: 'orders/s',
      compile: 'builds/hour',
      oltp: 'transactions/s',
      'web-shop': 'orders/min',
    };
    const ratios = { managed: 0.975, compile: 0.94, oltp: 0.978, 'web-shop': 0.955 };
    const logs = { managed: 0.4, compile: 2.2, oltp: 14, 'web-shop': 21 };
    return workloadNames.flatMap((workload) =>
      (['log', 'backup'] as const).map((reads) => ({
        ...{ workload, reads, unit: units[workload] },
        turns: this.#turnsOf(
          speeds[workload],
          ratios[workload] - (reads === 'backup' ? 0.015 : 0),
          logs[workload] / (reads === 'backup' ? 3 : 1),
        ),
      })),
    );
  }

  table2(): Table2Row[] {
    const ratios = {
      receive: { all: 0.92, 10: 0.9, 1: 0.62 },
      transmit: { all: 0.96, 10: 0.955, 1: 0.93 },
    };
    return (['receive', 'transmit'] as const).flatMap((direction) =>
      ([null, 10, 1] as const).map((channelGbitPerS) => ({
        ...{ direction, channelGbitPerS },
        turns: this.#turnsOf(
          direction === 'receive' ? 1_310 : 1_820,
          ratios[direction][channelGbitPerS ?? 'all'],
          direction === 'receive' ? 1_250 : 46,
        ),
      })),
    );
  }

  latency(samples: number): LatencyRow[] {
    return (['ping', 'tcp'] as const).flatMap((probe) =>
      [null, 0, 0.1, 1, 5, 10].map((channelRoundTripMs) => ({
        ...{ probe, channelRoundTripMs },
        samplesMs: this.#many(samples, () => {
          const tail = -Math.log(1 - this.#random.next()) * 0.25;
          const own = channelRoundTripMs === null ? 0 : 0.8 + channelRoundTripMs;
          return this.#near((probe === 'ping' ? 0.3 : 0.45) + own, 0.15) + tail;
        }),
      })),
    );
  }

  failover(kills: number) {
    return {
      kills: this.#many(kills, () => {
        const detectMs = this.#near(104, 0.15);
        const goLiveMs = this.#near(8, 0.6);
        return { detectMs, goLiveMs, clientGapMs: detectMs + goLiveMs + this.#near(15, 0.9) };
      }),
      ...{ increments: 3_000 + Math.round(this.#random.next() * 500), lost: 0, doubled: 0 },
      connectionSurvived: true,
    };
  }

  idle(): IdleRow[] {
    return (['idle', 'idle with network'] as const).map((guest) => ({
      guest,
      turns: this.#many(this.#turns, () => ({
        logMbitPerS: this.#near(guest === 'idle' ? 0.007 : 0.02, 0.2),
        cpuAlone: this.#near(0.012, 0.2),
        cpuPrimary: this.#near(0.008, 0.2),
        cpuBackup: this.#near(0.007, 0.2),
      })),
    }));
  }

  scale(): ScaleRow[] {
    const row = (
      subject: ScaleRow['subject'],
      at: number,
      alone: number,
      ratio: number,
      log: number,
      joinMs: number,
    ) => ({
      ...{ subject, at, unit: subject === 'connections' ? 'exchanges/s' : 'units/s' },
      turns: this.#turnsOf(alone, ratio, log),
      joinMs: this.#many(2, () => this.#near(joinMs, 0.1)),
      pauseMs: this.#many(2, () => this.#near(20, 0.4)),
      overheadMiB: [{ primary: this.#near(122, 0.05), backup: this.#near(110, 0.05) }],
    });
    return [
      ...[256, 512, 1024, 2048].map((at) => row('memory', at, 900, 0.96, 0.4, at * 6)),
      ...[1, 16, 128].map((at) =>
        row('connections', at, 300 * Math.sqrt(at), 0.9 - at / 1000, at / 2, 1_500),
      ),
      ...[1, 2, 4].map((at) => row('guests', at, 400 * at, 0.97 - at / 50, 0.5 * at, 1_500 * at)),
    ];
  }
}
