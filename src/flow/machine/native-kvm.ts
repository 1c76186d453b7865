/** What the addon says about this host's KVM (native/addon/kvm_host_info.h). */
import { MachineError } from '../../base/errors.js';
import { guestCpuOf, type CpuidLeaf, type GuestCpu } from './guest-cpu.js';
import { addon, mapped } from './native-addon.js';

/**
 * The CPU that a guest started here gets (native/accel/kvm/cpu_model.h). Throws `accelerator-unavailable`, naming
 * what is missing.
 */
export function cpuModel(): GuestCpu {
  const leaves: readonly CpuidLeaf[] = mapped(() => addon().cpuModel());
  const cpu = guestCpuOf(leaves);
  if (cpu === null) throw new MachineError('internal', 'the CPU model has no leaf 0 or 1');
  return cpu;
}

/** Why this host cannot run a guest with that CPU, in a line; null: it can. Throws `accelerator-unavailable`. */
export function whyNotHere(cpu: GuestCpu): string | null {
  const why = mapped(() => addon().whyNotHere(cpu.leaves));
  return why === '' ? null : why;
}
