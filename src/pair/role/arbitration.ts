import type { PairSettings } from '../../base/limits.js';
import type { Action, ArbitrationResult } from './role.js';
import type { Situation } from './failover-table.js';

/**
 * One replica's attempt at its generation's flag, with retries while storage cannot be reached. The
 * attempt is never taken back: see failover-table.ts.
 */
export class Arbitration {
  private state: Situation['flag'] = 'untouched';
  private startedMs = 0;
  private pending = false;
  private retryAtMs = 0;
  private backoffMs = 0;

  constructor(
    private readonly generation: bigint,
    private readonly settings: PairSettings,
  ) {}

  get flag(): Situation['flag'] {
    return this.state;
  }

  /** When the first attempt was made. */
  get startMs(): number {
    return this.startedMs;
  }

  start(nowMs: number): Action[] {
    this.state = 'attempted';
    this.startedMs = nowMs;
    return this.attempt();
  }

  /** Retries when it is time to. */
  tick(nowMs: number): Action[] {
    if (this.state !== 'attempted' || this.pending || nowMs < this.retryAtMs) return [];
    return this.attempt();
  }

  /** Takes an attempt's result; a result of another generation, or after the decision, changes nothing. */
  result(generation: bigint, result: ArbitrationResult, nowMs: number): Action[] {
    if (generation !== this.generation || this.state !== 'attempted') return [];
    this.pending = false;
    switch (result.kind) {
      case 'won':
        this.state = 'won';
        return [
          {
            do: 'emit',
            event: { type: 'arbitration-won', generation, arbitrationMs: nowMs - this.startedMs },
          },
        ];
      case 'lost':
        this.state = 'lost';
        return [
          { do: 'emit', event: { type: 'arbitration-lost', generation, winner: result.winner } },
        ];
      case 'unreachable':
        this.backoffMs = Math.min(
          this.settings.arbiterRetryMaxMs,
          Math.max(this.settings.arbiterRetryMinMs, this.backoffMs * 2),
        );
        this.retryAtMs = nowMs + this.backoffMs;
        return [
          { do: 'emit', event: { type: 'arbiter-unreachable', generation, error: result.error } },
        ];
    }
  }

  private attempt(): Action[] {
    this.pending = true;
    return [{ do: 'test-and-set', generation: this.generation }];
  }
}
