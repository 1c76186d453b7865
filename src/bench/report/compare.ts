/** Two results beside each other: do their medians agree within their spread? Pure. */

import { figureOf, type Figure } from '../suite/figures.js';
import type { BenchResult, Turn } from '../suite/result.js';
import { channelName } from './sections/table2.js';
import { distanceName } from './sections/latency.js';
import { turnFigures } from './sections/turn-columns.js';
import { readsName } from './goals.js';
import { distributionOf } from './spread.js';

export interface ComparedFigure {
  readonly row: string;
  readonly figure: string;
  readonly one: Figure;
  readonly other: Figure;
  readonly agree: boolean;
}

export interface Comparison {
  readonly figures: readonly ComparedFigure[];
  /** Rows that only one of them has. */
  readonly onlyOne: readonly string[];
  readonly onlyOther: readonly string[];
  /** What makes them hard to compare. */
  readonly differences: readonly string[];
}

/** What two figures may differ by whatever their spread is: two turns that happen to be alike have next to none. */
export const toleratedShare = 0.01;

/**
 * Two figures agree when their spreads touch: of turns, which are few, from the least to the most; of latencies and failovers, which are
 * many, between the quartiles. Those without a number on both sides are left out.
 */
export function compareResults(one: BenchResult, other: BenchResult): Comparison {
  const [ofOne, ofOther] = [figuresOf(one), figuresOf(other)];
  const figures = [...ofOne].flatMap(([row, named]) =>
    Object.entries(named).flatMap(([figure, first]) => {
      const second = ofOther.get(row)?.[figure];
      if (second === undefined || !isKnown(first) || !isKnown(second)) return [];
      return [{ row, figure, one: first, other: second, agree: agree(first, second) }];
    }),
  );
  const missing = (from: Rows, of: Rows): string[] =>
    [...from.keys()].filter((row) => !of.has(row));
  return {
    figures,
    onlyOne: missing(ofOne, ofOther),
    onlyOther: missing(ofOther, ofOne),
    differences: differencesOf(one, other),
  };
}

export function agree(one: Figure, other: Figure): boolean {
  const tolerated = toleratedShare * Math.max(Math.abs(one.median), Math.abs(other.median));
  const gap = Math.max(one.low, other.low) - Math.min(one.high, other.high);
  return gap <= tolerated;
}

function isKnown({ median }: Figure): boolean {
  return Number.isFinite(median);
}

type Rows = ReadonlyMap<string, Readonly<Record<string, Figure>>>;

function figuresOf({ sections }: BenchResult): Rows {
  const { table1, table2, latency, failover, idle, scale } = sections;
  const kills = (failover?.rows ?? []).flatMap((row) => row.kills);
  return new Map<string, Readonly<Record<string, Figure>>>([
    ...(table1?.rows ?? []).map(
      ({ workload, reads, turns }) =>
        [`${workload}, ${readsName(reads)}`, figuresOfTurns(turns)] as const,
    ),
    ...(table2?.rows ?? []).map(
      ({ direction, channelGbitPerS, turns }) =>
        [`${direction}, channel ${channelName(channelGbitPerS)}`, figuresOfTurns(turns)] as const,
    ),
    ...(latency?.rows ?? []).map(
      ({ probe, channelRoundTripMs, samplesMs }) =>
        [
          `${probe}, ${distanceName(channelRoundTripMs)}`,
          { 'round trip, ms': quartilesOf(samplesMs) },
        ] as const,
    ),
    ...(kills.length === 0
      ? []
      : [
          [
            'failover',
            {
              'to the suspicion, ms': quartilesOf(kills.map(({ detectMs }) => detectMs)),
              'to the first output, ms': quartilesOf(kills.map(({ goLiveMs }) => goLiveMs)),
              'client’s silence, ms': quartilesOf(kills.map(({ clientGapMs }) => clientGapMs)),
            },
          ] as const,
        ]),
    ...(idle?.rows ?? []).map(
      ({ guest, turns }) =>
        [
          guest,
          {
            'log, Mbit/s': figureOf(turns.map(({ logMbitPerS }) => logMbitPerS)),
            'processor of the primary': figureOf(turns.map(({ cpuPrimary }) => cpuPrimary)),
            'processor of the backup': figureOf(turns.map(({ cpuBackup }) => cpuBackup)),
          },
        ] as const,
    ),
    ...(scale?.rows ?? []).map(
      ({ subject, at, turns, joinMs, pauseMs }) =>
        [
          `${subject}, ${at}`,
          {
            ...figuresOfTurns(turns),
            'join, ms': figureOf(joinMs),
            'pause, ms': figureOf(pauseMs),
          },
        ] as const,
    ),
  ]);
}

function figuresOfTurns(turns: readonly Turn[]): Readonly<Record<string, Figure>> {
  const { alone, pair, ratio, logMbitPerS } = turnFigures(turns);
  return {
    unprotected: alone,
    protected: pair,
    'protected to unprotected': ratio,
    'log, Mbit/s': logMbitPerS,
  };
}

function quartilesOf(samples: readonly number[]): Figure {
  const { median, quarter, threeQuarters, count } = distributionOf(samples);
  return { median, low: quarter, high: threeQuarters, count };
}

function differencesOf(one: BenchResult, other: BenchResult): string[] {
  const facts = (result: BenchResult): Readonly<Record<string, string>> => ({
    processor: result.machine.processor,
    processors: String(result.machine.cores),
    kernel: result.machine.kernel,
    vmft: result.machine.vmft,
    accelerator: result.accelerator,
    replication: result.replication ?? 'unknown',
    length: result.quick ? 'quick' : 'full',
  });
  const ofOther = facts(other);
  return Object.entries(facts(one))
    .filter(([name, value]) => ofOther[name] !== value)
    .map(([name, value]) => `${name}: ${value}, ${ofOther[name] ?? ''}`);
}
