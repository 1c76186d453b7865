#pragma once

#include <time.h>

#include "base/types.h"

namespace vmft::kvm {

/// Nanoseconds of CLOCK_MONOTONIC: for kicks and costs, never for what the guest sees. (The world's
/// clock is not the accelerator's to include.)
inline u64 monotonic_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
}

}  // namespace vmft::kvm
