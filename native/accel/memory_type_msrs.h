#pragma once

#include "accel/msr_numbers.h"

/// The registers of memory types: stored, without effect, since all of a guest's memory is RAM of
/// the host (SDM 3A 12.11, 12.12).
namespace vmft {

inline constexpr u64 pat_at_reset = 0x0007'0406'0007'0406;

/// Each byte of IA32_PAT names a memory type.
constexpr bool valid_pat(u64 value) {
    for (unsigned i = 0; i < 8; i++) {
        u8 type = static_cast<u8>(value >> (8 * i));
        if (type > 7 || type == 2 || type == 3) return false;
    }
    return true;
}

inline constexpr unsigned mtrr_variable_ranges = 8;
/// IA32_MTRRCAP: fixed ranges, write-combining, and so many variable ones.
inline constexpr u64 mtrr_capability_value = 0x500 | mtrr_variable_ranges;
/// Registers that mtrr_slot numbers.
inline constexpr unsigned mtrr_slots = 2 * mtrr_variable_ranges + 12;

/// Which of mtrr_slots registers it is: the variable ranges' bases and masks, the fixed ranges,
/// the default type. -1: none.
constexpr int mtrr_slot(u32 msr) {
    constexpr u32 variable_first = 0x200;
    constexpr u32 others[] = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
                              0x26b, 0x26c, 0x26d, 0x26e, 0x26f, 0x2ff};
    static_assert(2 * mtrr_variable_ranges + sizeof others / sizeof others[0] == mtrr_slots);
    if (msr >= variable_first && msr < variable_first + 2 * mtrr_variable_ranges)
        return static_cast<int>(msr - variable_first);
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i] == msr) return static_cast<int>(2 * mtrr_variable_ranges + i);
    return -1;
}

}  // namespace vmft
