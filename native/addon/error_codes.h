#pragma once

#include <array>

namespace vmft {

/// Every code the addon's errors carry. A test compares them with src/base/errors.ts.
inline constexpr std::array error_codes{
    "wrong-mode",       "bad-argument",       "frame-corrupt",    "frame-out-of-order",
    "frame-generation", "snapshot-corrupt",   "snapshot-version", "kernel-unusable",
    "memory-too-small", "memory-unavailable", "tap-unavailable",  "internal",
};

}  // namespace vmft
