#pragma once

#include "accel/accel.h"
#include "accel/msr_numbers.h"

/// The registers that the platform keeps (Platform::msr_read), as a CPU with IA32_TSC_ADJUST asks
/// for them.
namespace vmft {

constexpr bool is_platform_msr(u32 msr) {
    return msr == msr_number::apic_base || msr == msr_number::tsc_deadline ||
           (msr >= msr_number::x2apic_first && msr <= msr_number::x2apic_last);
}

// The guest's deadline is in counts of its own TSC, the platform's in counts before the adjustment;
// 0 is disarmed.
inline bool read_platform_msr(Platform& platform, u64 tsc_adjust, u32 msr, u64& value) {
    if (!platform.msr_read(msr, value)) return false;
    if (msr == msr_number::tsc_deadline && value != 0) value += tsc_adjust;
    return true;
}

inline bool write_platform_msr(Platform& platform, u64 tsc_adjust, u32 msr, u64 value) {
    if (msr == msr_number::tsc_deadline && value != 0) value -= tsc_adjust;
    return platform.msr_write(msr, value);
}

}  // namespace vmft
