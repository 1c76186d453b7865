#pragma once

#include <array>

#include "accel/accelerator_fault.h"

namespace vmft {

/// Every code the addon's errors carry, and StopReason where it is one. A test compares them with
/// src/base/errors.ts.
inline constexpr std::array error_codes{
    "wrong-mode",          "bad-argument",
    "frame-corrupt",       "frame-out-of-order",
    "frame-generation",    "image-corrupt",
    "image-version",       "kernel-unusable",
    "memory-too-small",    "memory-unavailable",
    "tap-unavailable",     "accelerator-unavailable",
    "accelerator-failed",  "cannot-execute",
    "counter-lost",        "position-missed",
    "divergence",          "disk-unusable",
    "disk-in-use",         "disk-unavailable",
    "disk-failed",         "usage",
    "address-unavailable", "internal",
};

/// The code of an accelerator's fault.
inline const char* error_code_of(AcceleratorFault::Kind kind) {
    switch (kind) {
    case AcceleratorFault::Kind::unavailable: return "accelerator-unavailable";
    case AcceleratorFault::Kind::cannot_execute: return "cannot-execute";
    case AcceleratorFault::Kind::counter_lost: return "counter-lost";
    case AcceleratorFault::Kind::overshoot: return "position-missed";
    case AcceleratorFault::Kind::diverged: return "divergence";
    case AcceleratorFault::Kind::host: return "accelerator-failed";
    }
    return "internal";
}

}  // namespace vmft
