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

/** preflight.h: something that this KVM does not do as the manuals say. */
export interface KvmShortcoming {
  /** A word or two. */
  readonly name: string;
  readonly found: string;
}

/** counter_measure.h: the same guest run repeatedly, counts compared at every exit. */
export interface CounterExactness {
  /** What is counted, and by which event. */
  readonly event: string;
  readonly exact: boolean;
  /** How many runs and exits were compared, or where they differed. */
  readonly found: string;
}
