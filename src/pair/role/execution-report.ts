import { executedSaidEveryMs } from '../../base/limits.js';
import type { ExecutionProgress } from '../../flow/machine/machine.js';

/**
 * When a backup says how far it has executed: now and then, since a message costs both event loops more than lag control
 * gains from hearing of each segment; at once when reads of the disk are done, for which the primary waits.
 */
export class ExecutionReport {
  private waiting: ExecutionProgress | null = null;
  private saidMs = -Infinity;
  private diskReadsSaid = 0n;

  /** Returns what to say now, or null. */
  executed(progress: ExecutionProgress, nowMs: number): ExecutionProgress | null {
    this.waiting = progress;
    const due = nowMs - this.saidMs >= executedSaidEveryMs;
    return due || progress.diskReadsDone > this.diskReadsSaid ? this.say(nowMs) : null;
  }

  /** The rest that nothing followed: what is old would look like a lag. */
  tick(nowMs: number): ExecutionProgress | null {
    return nowMs - this.saidMs < 2 * executedSaidEveryMs ? null : this.say(nowMs);
  }

  private say(nowMs: number): ExecutionProgress | null {
    const said = this.waiting;
    if (said === null) return null;
    this.waiting = null;
    this.saidMs = nowMs;
    this.diskReadsSaid = said.diskReadsDone;
    return said;
  }
}
