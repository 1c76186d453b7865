#pragma once

#include "accel/kvm/vcpu/vcpu.h"
#include "base/state_bytes.h"

namespace vmft::kvm {

/// All of the vCPU that a guest can observe, and nothing that differs between two runs of the same
/// instructions: hidden parts of unusable segments are written as zero, so are the x87 unit's last
/// instruction and operand pointers (a host's context switch loses them on AMD), rflags.RF and what
/// KVM keeps for itself. The vCPU is between two instructions, with no event on its way but an
/// exception that the one behind the last exit has raised.
void save_vcpu(Vcpu& vcpu, StateWriter& state);
/// Marks `state` failed when it is torn or KVM refuses it.
void restore_vcpu(Vcpu& vcpu, StateReader& state);

}  // namespace vmft::kvm
