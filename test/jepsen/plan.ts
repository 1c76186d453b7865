import { crashPoints, type CrashAt } from '../../src/flow/machine/native-addon.js';
import type { WorkloadName } from './client/workload.js';
import type { Mode } from './storage/pair-storage.js';

/** What one life is to show. */
export interface LifeDraft {
  readonly mode: Mode;
  readonly end: 'power-off' | 'crash';
  readonly kills: number;
  /** Of `kills`: where each of them is; null: at random moments. */
  readonly crashes: readonly CrashAt[] | null;
  readonly plant: 'old-disk' | null;
  /** The primary is not killed, but stopped for a while. */
  readonly freezes: boolean;
  readonly workloads: readonly WorkloadName[];
}

/** Spreads kills over lives: two per mode, one ended by the power button and one by the death of both hosts. */
export function planLives(
  kills: number,
  modes: readonly Mode[],
  workloads: readonly WorkloadName[],
  freezes = false,
): LifeDraft[] {
  const ends =
    kills < 2 * modes.length ? (['power-off'] as const) : (['power-off', 'crash'] as const);
  const lives = modes.flatMap((mode) =>
    ends.map((end) => ({ mode, end, workloads, crashes: null, plant: null, freezes })),
  );
  const each = Math.floor(kills / lives.length);
  const rest = kills % lives.length;
  return lives
    .map((life, index) => ({ ...life, kills: each + (index < rest ? 1 : 0) }))
    .filter((life) => life.kills > 0);
}

/** A life per mode, whose primaries end at every step of a write's life, at the writes with these numbers. */
export function planCrashes(
  counts: readonly number[],
  modes: readonly Mode[],
  workloads: readonly WorkloadName[],
): LifeDraft[] {
  const crashes = crashPoints.flatMap((point) => counts.map((count) => ({ point, count })));
  return modes.map((mode) => ({
    mode,
    end: 'power-off',
    kills: crashes.length,
    crashes,
    plant: null,
    freezes: false,
    workloads,
  }));
}

/** A life that must be found bad. */
export function plantedLife(workloads: readonly WorkloadName[]): LifeDraft {
  return {
    mode: 'shared',
    end: 'crash',
    kills: 1,
    crashes: null,
    plant: 'old-disk',
    freezes: false,
    workloads,
  };
}

/** `90s`, `40m`, `2h` in milliseconds; null when it is none of them. */
export function parseBudget(text: string): number | null {
  const match = /^(\d{1,5})([smh])$/.exec(text);
  if (match === null) return null;
  const unitMs = { s: 1_000, m: 60_000, h: 3_600_000 }[match[2] as 's' | 'm' | 'h'];
  return Number(match[1]) * unitMs;
}
