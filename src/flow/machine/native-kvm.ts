/** What the addon says about this host's KVM (native/addon/kvm_host_info.h). */
import { MachineError } from '../../base/errors.js';
import { guestCpuOf, type CpuidLeaf, type GuestCpu } from './guest-cpu.js';
import type { CounterOptions } from './accelerator.js';
import type {
  CounterMeasure,
  KvmPreflight,
  KvmProbe,
  SpecLockMap,
  StopCost,
  VcpuCost,
} from './kvm-measures.js';
import { addon, mapped } from './native-addon.js';

/**
 * The CPU that a guest started here gets (native/accel/kvm/cpu_model.h). Throws `accelerator-unavailable`, naming
 * what is missing.
 */
export function cpuModel(): GuestCpu {
  return described(mapped(() => addon().cpuModel()));
}

function described(leaves: readonly CpuidLeaf[]): GuestCpu {
  const cpu = guestCpuOf(leaves);
  if (cpu === null) throw new MachineError('internal', 'the CPU model has no leaf 0 or 1');
  return cpu;
}

/** The same without what KVM does not give here: for tests on one that is no faithful machine. */
export function reducedCpuModel(): GuestCpu {
  return described(mapped(() => addon().reducedCpuModel()));
}

/** Why this host cannot run a guest with that CPU, in a line; null: it can. Throws `accelerator-unavailable`. */
export function whyNotHere(cpu: GuestCpu): string | null {
  const why = mapped(() => addon().whyNotHere(cpu.leaves));
  return why === '' ? null : why;
}

/** Why this host has no performance counter that a guest can be counted by, in a line; null: it has. */
export function whyNoCounter(): string | null {
  const why = mapped(() => addon().whyNoCounter());
  return why === '' ? null : why;
}

/** KVM_CHECK_EXTENSION, by a number of linux/kvm.h: 0 = not there. Throws `accelerator-unavailable`. */
export function kvmCapability(number: number): number {
  return mapped(() => addon().kvmCapability(number));
}

/** Under a second. Throws `accelerator-unavailable`, `accelerator-failed`. */
export function vcpuCost(): VcpuCost {
  return mapped(() => addon().vcpuCost());
}

/**
 * Stops with this counter. Throws `accelerator-unavailable` where there is none, `counter-lost`,
 * `position-missed`.
 */
export function stopCost(counter: CounterOptions, stops: number): StopCost {
  return mapped(() => addon().stopCost(counter, stops));
}

export function specLockMap(): SpecLockMap {
  return mapped(() => addon().specLockMap());
}

/** What this KVM can be trusted with, tried out with small guests. Throws `accelerator-unavailable`. */
export function kvmPreflight(): KvmPreflight {
  return mapped(() => addon().kvmPreflight());
}

/** What an ordinary guest must be able to rely on, and cannot. */
export function replayFailures({ probes }: KvmPreflight): KvmProbe[] {
  return probes.filter(({ need, verdict }) => verdict !== 'works' && need !== 'stepping');
}

/** What even a guest that never leaves kernel mode cannot rely on. */
export function kernelModeFailures({ probes }: KvmPreflight): KvmProbe[] {
  return probes.filter(({ need, verdict }) => verdict !== 'works' && need === 'anything');
}

export function unfaithfulLine(failures: readonly KvmProbe[]): string {
  const names = failures.map(({ name }) => name).join(', ');
  return `this host's KVM is not a faithful machine: it fails at ${names}`;
}

export const unfaithfulAdvice = 'use a host with VMX or SVM, or --accel soft, which runs anywhere';

/**
 * Takes a few seconds on a slow host. Throws `accelerator-unavailable` where there is no such counter,
 * `counter-lost`.
 */
export function measureCounter(counter: CounterOptions): CounterMeasure {
  return mapped(() => addon().measureCounter(counter));
}
