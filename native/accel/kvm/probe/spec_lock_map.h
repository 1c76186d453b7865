#pragma once

#include "base/types.h"

namespace vmft::kvm {

/// AMD Zen executes locked instructions ahead of time, and retires branches twice when that
/// goes wrong: with the speculative lock map in use its count of conditional branches is not
/// deterministic. MSR C001_1020 bit 54 turns it off.
enum class SpecLockMap : u8 {
    not_zen,      ///< Another maker's or family's processor.
    unused,       ///< Locked instructions were executed, and none was committed by it.
    used,         ///< Some were.
    not_counted,  ///< The event that tells cannot be counted here.
};

/// Executes some locked instructions on this thread and counts event 0x25 (AMD PPR, "speculative
/// lock map commits").
SpecLockMap observe_spec_lock_map();

}  // namespace vmft::kvm
