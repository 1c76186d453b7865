/**
 * What table 1 runs in its guests. A workload is started once and works until it is stopped, while the guest is unprotected
 * and protected by turns; then another one may be started in the same guest.
 */

import type { WorkloadName } from '../suite/result.js';
import type { GuestShell } from '../guest/guest-shell.js';

export interface Workload {
  readonly name: WorkloadName;
  /** More is better: `orders/s`. */
  readonly unit: string;
  readonly guest: WorkloadGuest;
  /** Resolves when it is warm and works at full speed. The guest is unprotected. */
  start(shell: GuestShell): Promise<RunningWorkload>;
}

/** What a workload's guest has beyond the kernel and the network. */
export interface WorkloadGuest {
  /** Of .cache/images, without `.img`; each boot has a copy of its own. */
  readonly disk: 'debian-root' | 'debian-bench';
  /** Of the disk's init, beside "shell", which is always there. */
  readonly services: readonly string[];
  readonly memoryMiB: number;
}

export interface RunningWorkload {
  /**
   * Units a second, by the host's clock, over about `durationMs` from now. Throws `internal` when it failed or
   * stood still.
   */
  measure(durationMs: number): Promise<number>;
  /** Resolves when it works no more, or rejects when the guest does not answer; nothing of it is left outside the guest. */
  stop(): Promise<void>;
}
