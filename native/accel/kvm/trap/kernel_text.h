#pragma once

#include <vector>

#include "accel/kvm/vcpu/guest_code.h"

namespace vmft::kvm {

/// Where a kernel maps its own text and its modules: the top 2 GiB of linear addresses, without the
/// fixed mappings at their end.
inline constexpr u64 kernel_text_first = 0xffff'ffff'8000'0000,
                     kernel_text_last = 0xffff'ffff'feff'ffff;

/// 4 KiB of executable kernel memory; large mappings come in pieces.
struct TextPage {
    u64 linear = 0;
    u64 ram_page = 0;  ///< Index of the page in GuestMemory.

    bool operator==(const TextPage&) const = default;
    auto operator<=>(const TextPage&) const = default;
};

/// All executable mappings of RAM in that range, ascending by linear address, by the page tables as
/// they are in memory. Empty outside 64-bit mode. While CR3 holds the tables that Linux uses for
/// user mode (page-table isolation), the kernel's own are looked at. SDM 3A 4.
std::vector<TextPage> executable_kernel_pages(const GuestMemory& memory, const PagingState& paging);

}  // namespace vmft::kvm
