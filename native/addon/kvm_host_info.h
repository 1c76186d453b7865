#pragma once

#include <napi.h>

namespace vmft::addon {

/// What src/flow/machine/native-kvm.ts asks about this host's KVM:
///   cpuModel()          the CPUID leaves a guest started here gets
///   whyNotHere(leaves)  "" or why this host cannot run a guest with them
/// They throw what AcceleratorFault says, and hold this thread for as long as they take.
void define_kvm_host_info(Napi::Env env, Napi::Object exports);

}  // namespace vmft::addon
