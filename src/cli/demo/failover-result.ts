/** One kill: what it cost. */
export interface Failover {
  readonly victim: 'primary' | 'backup';
  readonly killedAtMs: number;
  /** From the kill to the suspicion. */
  readonly detectMs: number;
  /** From the suspicion to a machine that shows the world its outputs again, arbitration included. */
  readonly goLiveMs: number;
  /** The longest time between two answers that the client saw around the kill. */
  readonly clientGapMs: number;
}

/** One boot with its kills. */
export interface RunResult {
  readonly increments: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly connectionSurvived: boolean;
  readonly trouble: string | null;
  readonly failovers: readonly Failover[];
  /** Log traffic while the client counted and the pair stood. */
  readonly logMbitPerS: number;
}

/** What `vmft demo --json` prints; of several kills the medians of the times, of several runs the sums of the counts. */
export interface DemoSummary {
  readonly increments: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly connectionSurvived: boolean;
  readonly detectMs: number | null;
  readonly goLiveMs: number | null;
  readonly clientGapMs: number | null;
  readonly logMbitPerS: number | null;
}

export function summarize(runs: readonly RunResult[]): DemoSummary {
  const failovers = runs.flatMap((run) => run.failovers);
  const sum = (pick: (run: RunResult) => number): number =>
    runs.reduce((total, run) => total + pick(run), 0);
  return {
    increments: sum((run) => run.increments),
    lost: sum((run) => run.lost),
    duplicated: sum((run) => run.duplicated),
    connectionSurvived: runs.length > 0 && runs.every((run) => run.connectionSurvived),
    detectMs: median(failovers.map((failover) => failover.detectMs)),
    goLiveMs: median(failovers.map((failover) => failover.goLiveMs)),
    clientGapMs: median(failovers.map((failover) => failover.clientGapMs)),
    logMbitPerS: median(runs.map((run) => run.logMbitPerS)),
  };
}

export function succeeded(run: RunResult): boolean {
  return run.lost === 0 && run.duplicated === 0 && run.connectionSurvived;
}

/** To one decimal; null of nothing. */
export function median(values: readonly number[]): number | null {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((one, other) => one - other);
  const low = sorted[(sorted.length - 1) >> 1];
  const high = sorted[sorted.length >> 1];
  return low === undefined || high === undefined ? null : Number(((low + high) / 2).toFixed(2));
}
