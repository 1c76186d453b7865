/** What the addon measures of this host's KVM; described in the headers of native/accel/kvm. */

/** stop_cost.h: medians of host time. */
export interface VcpuCost {
  readonly exitNs: number;
  readonly stepNs: number;
  readonly stateGetNs: number;
  readonly stateSetNs: number;
}

/** stop_cost.h: stops in a loop that comes by the position's rip every 64 branches. */
export interface StopCost {
  readonly stops: number;
  readonly stopNsMedian: number;
  readonly stopNsMax: number;
  readonly hitsMedian: number;
  /** How many branches late the overflow was. */
  readonly skidMedian: number;
  readonly skidMax: number;
  /** What the counter takes as the skid's bound. */
  readonly skidAllowed: number;
}

/** spec_lock_map.h. */
export type SpecLockMap = 'not-zen' | 'unused' | 'used' | 'not-counted';

/** preflight.h: one thing that a small guest has tried out. */
export interface KvmProbe {
  readonly name: string;
  /** Who must be able to rely on it; `stepping`: only the counters step and simulated. */
  readonly need: 'anything' | 'replay' | 'stepping';
  /** `wrong`: it does something else than a processor, silently. */
  readonly verdict: 'works' | 'does-not' | 'wrong';
  /** Empty when it works. */
  readonly detail: string;
}

export interface KvmPreflight {
  readonly probes: readonly KvmProbe[];
}

/** counter_measure.h: what a counter is worth. Times are medians of host time. */
export interface CounterMeasure {
  /** What is counted, and by which event. */
  readonly event: string;
  /** A guest run repeatedly counted its branches as its code says, at each exit, however it was broken into. */
  readonly exact: boolean;
  /** How many runs and exits were compared, or by how much they differed. */
  readonly found: string;
  readonly runs: number;
  readonly exitsARun: number;
  readonly branchesARun: number;
  readonly forcedEntries: number;
  readonly overflows: number;
  /** How many branches late they were. */
  readonly skidMin: number;
  readonly skidMedian: number;
  readonly skidMax: number;
  /** What the counter takes as the skid's bound. */
  readonly skidAllowed: number;
  /** The count, once. */
  readonly readNs: number;
  /** Arming and disarming. */
  readonly armNs: number;
  /** Entering to an overflow that is due at once, and back. */
  readonly overflowNs: number;
  /** From one hit of a breakpoint to the next, around a loop. */
  readonly breakpointNs: number;
  /** One instruction stepped over so that the guest cannot tell. */
  readonly stepNs: number;
}
