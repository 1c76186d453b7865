/** What executes a guest; the name is in log headers and in Hello. Ticks of one mean nothing to another. */
export const acceleratorNames = ['soft', 'kvm'] as const;
export type AcceleratorName = (typeof acceleratorNames)[number];

export function isAcceleratorName(name: string): name is AcceleratorName {
  return (acceleratorNames as readonly string[]).includes(name);
}

/**
 * What counts a guest's branches on kvm (native/accel/kvm/counter/counter.h). `none` counts nothing: ticks are
 * nanoseconds for which the guest ran, and no stop is exact.
 */
export const counterKinds = ['perf', 'step', 'simulated', 'none'] as const;
export type CounterKind = (typeof counterKinds)[number];

export interface CounterOptions {
  readonly kind: CounterKind;
  /** `simulated`: the largest skid, in branches. `perf`: 0 takes the CPU's. */
  readonly skid: number;
  /** `simulated`: of the skids. */
  readonly randomSeed: number;
}

export const defaultCounter: CounterOptions = { kind: 'perf', skid: 0, randomSeed: 1 };

/**
 * An accelerator with what this host uses it with. `interpret`: soft translates no guest code to the host's; nothing that the
 * guest, a log or a peer can see depends on it.
 */
export type Accelerator =
  | { readonly name: 'soft'; readonly interpret: boolean }
  | { readonly name: 'kvm'; readonly counter: CounterOptions };

export const softAccelerator: Accelerator = { name: 'soft', interpret: false };

/** Whether its positions are exact: without that, nothing can be replayed, and a pair needs checkpoints. */
export function replaysExactly(accelerator: Accelerator): boolean {
  return accelerator.name === 'soft' || accelerator.counter.kind !== 'none';
}
