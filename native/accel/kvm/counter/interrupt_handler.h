#pragma once

#include <optional>

#include "accel/kvm/vcpu/guest_code.h"

namespace vmft::kvm {

/// Where an exception or interrupt takes the guest.
struct InterruptHandler {
    u64 linear = 0;     ///< Of its first instruction.
    u8 slot_bytes = 8;  ///< Of each value in the frame: 2, 4 or 8.
};

/// By the guest's interrupt table as it is in memory (SDM 3A 6.10 – 6.14, and 20.1.4 for real
/// mode). None: no gate there, a task gate, or not readable.
std::optional<InterruptHandler> interrupt_handler(const GuestMemory& memory,
                                                  const kvm_sregs& registers, u8 vector);

/// Base of the code segment that `selector` names (SDM 3A 3.4.5), in protected mode. None: beyond
/// its table, or not readable.
std::optional<u64> code_segment_base(const GuestMemory& memory, const kvm_sregs& registers,
                                     u16 selector);

}  // namespace vmft::kvm
