/** The report as lines. Pure. */

import type { BootReport, SubjectRunner } from '../cpu-report.js';
import type { CpuGoal } from './goals.js';
import type { WorkRow } from './work-report.js';

export interface CpuResult {
  /** Null: not asked for. */
  readonly boot: BootReport | null;
  readonly workloads: readonly WorkRow[];
  readonly goals: readonly CpuGoal[];
}

const firstWidth = 16;
const columnWidth = 13;

export function cpuTable({ boot, workloads, goals }: CpuResult): string[] {
  return [
    ...(boot === null ? [] : [...bootLines(boot), '', ...subjectLines(boot), '']),
    ...(workloads.length === 0 ? [] : [...workLines(workloads), '']),
    ...goals.map(goalLine),
  ];
}

function bootLines(boot: BootReport): string[] {
  const times = (value: number | null): string =>
    value === null ? 'not measured' : `${value.toFixed(2)} times`;
  return [
    'boot, benchmark and power-off, whole processes:',
    `vmft run takes          ${times(boot.ratioToQemuTcg)} as long as QEMU TCG`,
    `vmft run --record takes ${times(boot.ratioToQemuRecord)} as long as QEMU recording`,
    `recording takes         ${times(boot.recordCost)} as long as not recording`,
    `replaying takes         ${times(boot.replayCost)} as long as recording`,
    `the guest runs          ${boot.guestMips} million instructions a second`,
    `memory beyond the guest's own: ${boot.memoryOverheadMiB} MiB`,
  ];
}

function subjectLines({ subjectSeconds }: BootReport): string[] {
  const names = Object.keys(subjectSeconds.vmft ?? {});
  const column = (runner: SubjectRunner, name: string): string =>
    seconds(subjectSeconds[runner]?.[name] ?? null);
  return [
    row('seconds of', ['vmft', 'recording', 'QEMU TCG', 'native']),
    ...names.map((name) =>
      row(name, [
        column('vmft', name),
        column('vmftRecord', name),
        column('qemuTcg', name),
        column('native', name),
      ]),
    ),
  ];
}

function workLines(rows: readonly WorkRow[]): string[] {
  return [
    row('seconds of', ['vmft', 'QEMU TCG', 'native', 'vmft/QEMU', 'vmft/native', 'QEMU/native']),
    ...rows.map((of) =>
      row(of.workload, [
        seconds(of.seconds.vmft),
        seconds(of.seconds.qemuTcg),
        seconds(of.seconds.native),
        ratio(of.ratioToQemuTcg),
        ratio(of.ratioToNative),
        ratio(of.qemuRatioToNative),
      ]),
    ),
  ];
}

function goalLine({ figure, wanted, measured, state }: CpuGoal): string {
  const value = measured === null ? '' : ` (${measured})`;
  const shown = state === 'missed' ? 'MISSED' : state;
  return `goal: ${figure} ${wanted}: ${shown}${value}`;
}

function row(first: string, columns: readonly string[]): string {
  return `${first.padEnd(firstWidth)}${columns.map((text) => text.padStart(columnWidth)).join('')}`;
}

function seconds(value: number | null): string {
  return value === null ? '–' : value.toFixed(2);
}

function ratio(value: number | null): string {
  return value === null ? '–' : value.toFixed(2);
}
