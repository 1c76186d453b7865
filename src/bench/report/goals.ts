/** What the system is to reach, and whether a result says that it does. Pure. */

import { ratioOf, figureOf } from '../suite/figures.js';
import type { BenchResult, ScaleRow, SectionName, Turn, WorkloadName } from '../suite/result.js';
import { budgetMs } from '../suite/time-budget.js';
import { causeOf } from './causes.js';
import { distributionOf, shown, shownDuration, shownRatio } from './spread.js';

export const goalNames = [
  ...(['managed', 'compile', 'compile-log', 'oltp', 'web-shop', 'receive', 'transmit'] as const),
  ...(['idle-log', 'idle-cpu', 'ping', 'tcp', 'client-gap', 'lost', 'memory', 'time'] as const),
] as const;
export type GoalName = (typeof goalNames)[number];

export interface Goal {
  readonly name: GoalName;
  readonly subject: string;
  readonly wanted: string;
  /** All that it is judged by; empty when nothing was. */
  readonly measured: string;
  readonly state: 'met' | 'missed' | 'not measured';
  /** Of a missed one: where the time goes. */
  readonly cause: string | null;
}

/** One that the goal is judged by. */
interface Value {
  readonly of: string;
  readonly value: number;
}

interface Bound {
  readonly least?: number;
  readonly most?: number;
  readonly unit: string;
  readonly show: (value: number) => string;
}

export function goalsOf(result: BenchResult): Goal[] {
  const { sections } = result;
  const ratios = (workload: WorkloadName): Value[] =>
    (sections.table1?.rows ?? [])
      .filter((row) => row.workload === workload)
      .map(({ reads, turns }) => ({ of: readsName(reads), value: ratioOf(turns).median }));
  const throughputs = (direction: 'receive' | 'transmit'): Value[] =>
    (sections.table2?.rows ?? [])
      .filter((row) => row.direction === direction && row.channelGbitPerS !== 1)
      .map(({ channelGbitPerS, turns }) => ({
        of: channelGbitPerS === null ? 'unlimited' : `${channelGbitPerS} Gbit/s`,
        value: ratioOf(turns).median,
      }));
  const logs = (sections.table1?.rows ?? [])
    .filter((row) => row.workload === 'compile')
    .map(({ reads, turns }) => ({ of: readsName(reads), value: logOf(turns) }));
  const least = (value: number): Bound => ({ least: value, unit: '', show: shownRatio });
  const most = (value: number, unit: string): Bound => ({ most: value, unit, show: shown });
  return [
    judged('managed', 'Speed kept, CPU-bound (business logic)', least(0.97), ratios('managed')),
    judged('compile', 'Speed kept, compilation', least(0.95), ratios('compile')),
    judged('compile-log', 'Log, compilation', most(3, 'Mbit/s'), logs),
    judged('oltp', 'Speed kept, OLTP', least(0.97), ratios('oltp')),
    judged('web-shop', 'Speed kept, web shop', least(0.94), ratios('web-shop')),
    judged('receive', 'Throughput kept, receive', least(0.9), throughputs('receive')),
    judged('transmit', 'Throughput kept, transmit', least(0.95), throughputs('transmit')),
    judged('idle-log', 'Log, idle guest', most(0.1, 'Mbit/s'), idleLogs(result)),
    judged(
      'idle-cpu',
      'Of a processor, idle guest, each replica',
      most(1, '%'),
      idleShares(result),
    ),
    judged('ping', 'Added to a ping (median)', most(1, 'ms'), addedLatency(result, 'ping')),
    judged('tcp', 'Added to a TCP exchange (median)', most(1, 'ms'), addedLatency(result, 'tcp')),
    judged('client-gap', 'Client’s silence at a kill (median)', most(1000, 'ms'), gaps(result)),
    judged('lost', 'Increments lost or doubled, connections cut', most(0, ''), faults(result)),
    judged(
      'memory',
      'Memory beyond the guest’s, each replica',
      most(150, 'MiB'),
      overheads(result),
    ),
    judged(
      'time',
      'The whole bench',
      { ...timeBound(result), show: shownDuration },
      wholeTime(result),
    ),
  ];
}

export function readsName(reads: 'log' | 'backup'): string {
  return reads === 'log' ? 'reads logged' : 'reads on backup';
}

/** Met when each value is within. */
function judged(name: GoalName, subject: string, bound: Bound, values: readonly Value[]): Goal {
  const { least, most, unit, show } = bound;
  const withUnit = (text: string): string => (unit === '' ? text : `${text} ${unit}`);
  const known = values.filter(({ value }) => Number.isFinite(value));
  // As it is shown: a ratio of 0.9499 is not told from 0.95.
  const asShown = (value: number): number => Math.round(value * 1000) / 1000;
  const within = ({ value }: Value): boolean =>
    asShown(value) >= (least ?? -Infinity) && asShown(value) <= (most ?? Infinity);
  const state = known.length === 0 ? 'not measured' : known.every(within) ? 'met' : 'missed';
  const texts = known.map(({ of, value }, index) =>
    [
      index === known.length - 1 ? withUnit(show(value)) : show(value),
      ...(of === '' ? [] : [`(${of})`]),
    ].join(' '),
  );
  return {
    name,
    subject,
    wanted: withUnit(least === undefined ? `≤ ${wantedText(most ?? NaN, show)}` : `≥ ${least}`),
    measured: texts.join(', '),
    state,
    cause: state === 'missed' ? causeOf(name) : null,
  };
}

/** A limit is as it was set, a time as times are shown. */
function wantedText(limit: number, show: Bound['show']): string {
  return show === shownDuration ? show(limit) : String(limit);
}

function logOf(turns: readonly Pick<Turn, 'logMbitPerS'>[]): number {
  return figureOf(turns.map(({ logMbitPerS }) => logMbitPerS)).median;
}

/** Of a guest that nobody speaks to. */
function idleLogs({ sections }: BenchResult): Value[] {
  return (sections.idle?.rows ?? [])
    .filter(({ guest }) => guest === 'idle')
    .map(({ turns }) => ({ of: '', value: logOf(turns) }));
}

/** In per cent of a processor. */
function idleShares({ sections }: BenchResult): Value[] {
  return (sections.idle?.rows ?? [])
    .filter(({ guest }) => guest === 'idle')
    .flatMap(({ turns }) => [
      { of: 'primary', value: 100 * figureOf(turns.map((turn) => turn.cpuPrimary)).median },
      { of: 'backup', value: 100 * figureOf(turns.map((turn) => turn.cpuBackup)).median },
    ]);
}

/** With nothing added to the channel. */
function addedLatency({ sections }: BenchResult, probe: 'ping' | 'tcp'): Value[] {
  const medianOf = (channelRoundTripMs: number | null): number =>
    distributionOf(
      (sections.latency?.rows ?? [])
        .filter((row) => row.probe === probe && row.channelRoundTripMs === channelRoundTripMs)
        .flatMap(({ samplesMs }) => samplesMs),
    ).median;
  return [{ of: '', value: medianOf(0) - medianOf(null) }];
}

function gaps({ sections }: BenchResult): Value[] {
  const kills = (sections.failover?.rows ?? []).flatMap((row) => row.kills);
  return [{ of: '', value: distributionOf(kills.map((kill) => kill.clientGapMs)).median }];
}

function faults({ sections }: BenchResult): Value[] {
  const rows = sections.failover?.rows ?? [];
  if (rows.length === 0) return [];
  const value = rows.reduce(
    (sum, { lost, doubled, connectionSurvived }) =>
      sum + lost + doubled + (connectionSurvived ? 0 : 1),
    0,
  );
  const increments = rows.reduce((sum, row) => sum + row.increments, 0);
  return [{ of: `of ${shown(increments)} increments`, value }];
}

/** Several guests' are summed, so they are not among them. */
function overheads({ sections }: BenchResult): Value[] {
  const all = (sections.scale?.rows ?? [])
    .filter(({ subject }: ScaleRow) => subject !== 'guests')
    .flatMap((row) => row.overheadMiB);
  if (all.length === 0) return [];
  return (['primary', 'backup'] as const).map((replica) => ({
    of: replica,
    value: Math.max(...all.map((overhead) => overhead[replica])),
  }));
}

function timeBound({ quick }: BenchResult): { most: number; unit: string } {
  return { most: budgetMs[quick ? 'quick' : 'full'], unit: '' };
}

/** Of a run of all sections. */
function wholeTime({ sections, durationMs }: BenchResult): Value[] {
  const names = Object.keys(sections) as SectionName[];
  return names.every((name) => sections[name] !== null) ? [{ of: '', value: durationMs }] : [];
}
