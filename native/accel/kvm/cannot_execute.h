#pragma once

#include "accel/kvm/vcpu/guest_code.h"

namespace vmft::kvm {

/// What an exit means after which the guest cannot go on, in words, with the instruction's bytes,
/// rip and the mode: KVM_EXIT_INTERNAL_ERROR, _FAIL_ENTRY and any that vmft does not know. Throws
/// AcceleratorFault (cannot_execute).
[[noreturn]] void throw_cannot_execute(Vcpu& vcpu, const GuestMemory& memory);

}  // namespace vmft::kvm
