#pragma once

#include <optional>
#include <span>

#include "accel/kvm/vcpu/vcpu.h"

namespace vmft::kvm {

/// What is needed to walk the guest's page tables.
struct PagingState {
    u64 cr0 = 0, cr3 = 0, cr4 = 0, efer = 0;

    static PagingState of(const kvm_sregs& registers) {
        return {registers.cr0, registers.cr3, registers.cr4, registers.efer};
    }
};

struct Translation {
    u64 physical = 0;
    u64 page_bytes = 4096;  ///< Of the mapping that holds it.
    bool writable = false, user = false, executable = false;
};

/// Guest-physical address of a linear one, by the guest's page tables as they are in memory; no
/// accessed bit is set. None: not mapped. SDM 3A 4.
std::optional<Translation> translate(const GuestMemory& memory, const PagingState& paging,
                                     u64 linear);

/// Copies up to `into.size()` bytes at `linear`; returns how many are mapped RAM from its start.
size_t read_linear(const GuestMemory& memory, const PagingState& paging, u64 linear,
                   std::span<u8> into);
/// All or nothing; marks the pages dirty. Write protection is not looked at.
bool write_linear(GuestMemory& memory, const PagingState& paging, u64 linear,
                  std::span<const u8> from);

}  // namespace vmft::kvm
