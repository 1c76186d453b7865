/** What the software CPU is to reach, and whether a run of the benchmark says that it does. Pure. */

import type { BootReport } from '../cpu-report.js';
import type { WorkRow } from './work-report.js';

export interface CpuGoal {
  /** As `compile ratioToQemuTcg`. */
  readonly figure: string;
  readonly wanted: string;
  /** Null: not measured. */
  readonly measured: number | null;
  readonly state: 'met' | 'missed' | 'not measured';
}

interface Bound {
  readonly most: number;
  /** Whether `most` itself is too much. */
  readonly below: boolean;
}

const ahead: Bound = { most: 1, below: true };
const recording: Bound = { most: 1.03, below: false };
const replaying: Bound = { most: 1.05, below: false };

/** @param boot null: not asked for */
export function cpuGoals(boot: BootReport | null, rows: readonly WorkRow[]): CpuGoal[] {
  const ofBoot =
    boot === null
      ? []
      : [
          judged('boot ratioToQemuTcg', ahead, boot.ratioToQemuTcg),
          judged('boot recordCost', recording, boot.recordCost),
          judged('boot replayCost', replaying, boot.replayCost),
        ];
  const ofWork = rows.map(({ workload, ratioToQemuTcg }) =>
    judged(`${workload} ratioToQemuTcg`, ahead, ratioToQemuTcg),
  );
  return [...ofBoot, ...ofWork];
}

function judged(figure: string, { most, below }: Bound, measured: number | null): CpuGoal {
  const wanted = `${below ? '<' : '≤'} ${most}`;
  if (measured === null) return { figure, wanted, measured, state: 'not measured' };
  const met = below ? measured < most : measured <= most;
  return { figure, wanted, measured, state: met ? 'met' : 'missed' };
}
