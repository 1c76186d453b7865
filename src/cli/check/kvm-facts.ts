import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

import { asVmftError } from '../../base/errors.js';
import { defaultCounter } from '../../flow/machine/accelerator.js';
import { describeCpu } from '../../flow/machine/guest-cpu.js';
import type {
  CounterMeasure,
  KvmPreflight,
  SpecLockMap,
  StopCost,
  VcpuCost,
} from '../../flow/machine/kvm-measures.js';
import {
  cpuModel,
  kvmCapability,
  kvmPreflight,
  measureCounter,
  specLockMap,
  stopCost,
  vcpuCost,
} from '../../flow/machine/native-kvm.js';

/** Why something cannot be had here, and what would change that. */
export interface Refusal {
  readonly why: string;
  readonly whatToDo: string;
}

/** A value, or why there is none. */
export type Fact<T> = { readonly value: T } | { readonly refused: Refusal };

/** What `vmft check` has found out about this host's KVM. What hangs on a refused fact is null. */
export interface KvmFacts {
  /** /dev/kvm opens and has the capabilities. */
  readonly device: Fact<true>;
  /** The guest's CPU, in words. */
  readonly cpu: Fact<string> | null;
  readonly preflight: Fact<KvmPreflight> | null;
  readonly cost: Fact<VcpuCost> | null;
  readonly counter: Fact<CounterMeasure> | null;
  readonly stops: Fact<StopCost> | null;
  readonly specLockMap: SpecLockMap | null;
  /** Bit 54 of MSR C001_1020, which turns it off; null when the MSR cannot be read. */
  readonly specLockMapDisabled: boolean | null;
  readonly tscScaling: boolean | null;
  readonly nestedPaging: boolean | null;
  /** kernel.perf_event_paranoid. */
  readonly perfEventParanoid: number | null;
}

const checkStops = 50;

/** Measures: takes a few seconds. */
export function kvmFacts(): KvmFacts {
  const device = fact((): true => {
    kvmCapability(0);
    return true;
  });
  const usable = 'value' in device;
  const cpu = usable ? fact(() => describeCpu(cpuModel())) : null;
  const counter = usable ? fact(() => measureCounter(defaultCounter)) : null;
  const counts = counter !== null && 'value' in counter;
  const map = usable ? specLockMap() : null;
  return {
    device,
    cpu,
    preflight: usable ? fact(kvmPreflight) : null,
    cost: usable ? fact(vcpuCost) : null,
    counter,
    stops: counts ? fact(() => stopCost(defaultCounter, checkStops)) : null,
    specLockMap: map,
    specLockMapDisabled: map === null || map === 'not-zen' ? null : specLockMapBit(),
    tscScaling: usable ? kvmCapability(capabilityTscControl) > 0 : null,
    nestedPaging: nestedPaging(),
    perfEventParanoid: perfEventParanoid(),
  };
}

/** KVM_CAP_TSC_CONTROL of linux/kvm.h. */
const capabilityTscControl = 60;

function fact<T>(find: () => T): Fact<T> {
  try {
    return { value: find() };
  } catch (thrown) {
    const { message, whatToDo } = asVmftError(thrown);
    return { refused: { why: message, whatToDo } };
  }
}

function specLockMapBit(): boolean | null {
  const msr = 0xc001_1020;
  const bit = 54n;
  try {
    const file = openSync('/dev/cpu/0/msr', 'r');
    try {
      const bytes = Buffer.alloc(8);
      if (readSync(file, bytes, 0, 8, msr) !== 8) return null;
      return ((bytes.readBigUInt64LE() >> bit) & 1n) === 1n;
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}

function nestedPaging(): boolean | null {
  const [amd, intel] = [
    text('/sys/module/kvm_amd/parameters/npt'),
    text('/sys/module/kvm_intel/parameters/ept'),
  ];
  const found = amd ?? intel;
  return found === null ? null : found === 'Y' || found === '1';
}

function perfEventParanoid(): number | null {
  const found = text('/proc/sys/kernel/perf_event_paranoid');
  return found === null ? null : Number(found);
}

function text(path: string): string | null {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return null;
  }
}
