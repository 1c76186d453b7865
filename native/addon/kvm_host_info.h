#pragma once

#include <napi.h>

namespace vmft::addon {

/// What src/flow/machine/native-kvm.ts asks about this host's KVM; the results' types are there.
///   cpuModel()                 the CPUID leaves a guest started here gets
///   reducedCpuModel()         the same without what KVM does not give here
///   whyNotHere(leaves)         "" or why this host cannot run a guest with them
///   kvmPreflight()            accel/kvm/probe/preflight.h
///   kvmCapability(number)      KVM_CHECK_EXTENSION
///   measureCounter(counter)    accel/kvm/probe/counter_measure.h
///   vcpuCost()                 accel/kvm/probe/stop_cost.h
///   stopCost(counter, stops)   the same
///   specLockMap()              accel/kvm/probe/spec_lock_map.h
/// They throw what AcceleratorFault says, and hold this thread for as long as they take.
void define_kvm_host_info(Napi::Env env, Napi::Object exports);

}  // namespace vmft::addon
