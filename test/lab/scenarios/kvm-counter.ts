import type { Accelerator } from '../../../src/flow/machine/accelerator.js';

/** Branches between an overflow and the signal that breaks the run, on top of the emulated skid. */
const deliveryBranches = 16;

/** `--accel kvm` with the emulated counter: its skid is known, where a Zen's has to be allowed 10,000. */
export function kvmWithSkid(skidBranches: number): Accelerator {
  const skid = skidBranches + deliveryBranches;
  return { name: 'kvm', counter: { kind: 'perf', skid, randomSeed: 1 } };
}
