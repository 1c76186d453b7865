/** How many kills, in how many boots, and when. */

export interface FailoverPlan {
  readonly kills: number;
  /** One boot that fails takes its kills along, so there are several. */
  readonly killsOfBootMax: number;
  /** More than are needed, for those that fail. */
  readonly bootsMax: number;
  readonly killAfterMs: { readonly min: number; readonly max: number };
  /** How long the client goes on behind each kill. */
  readonly afterMs: number;
  readonly expectedMs: number;
}

/** About what it takes: a boot with its first join, a kill with the next join. */
const bootMs = 8_000;

export function failoverPlan(quick: boolean): FailoverPlan {
  const plan = quick
    ? { kills: 20, killAfterMs: { min: 200, max: 1_000 }, afterMs: 250 }
    : { kills: 40, killAfterMs: { min: 500, max: 4_000 }, afterMs: 1_000 };
  const killsOfBootMax = 10;
  const boots = plan.kills / killsOfBootMax;
  return {
    ...plan,
    killsOfBootMax,
    bootsMax: boots + 2,
    expectedMs: boots * bootMs + plan.kills * killMs(plan),
  };
}

/** How many kills the next boot gets: what is missing, and no more than fit into the time that is left. 0: not one. */
export function killsOfBoot(plan: FailoverPlan, killsBefore: number, leftMs: number): number {
  const fitting = Math.floor((leftMs - bootMs) / killMs(plan));
  return Math.max(0, Math.min(plan.killsOfBootMax, plan.kills - killsBefore, fitting));
}

/** Of one: the wait for it, the failover, the client's while, and a new backup's join. */
function killMs({ killAfterMs, afterMs }: Pick<FailoverPlan, 'killAfterMs' | 'afterMs'>): number {
  return (killAfterMs.min + killAfterMs.max) / 2 + 200 + afterMs + 1_700;
}
