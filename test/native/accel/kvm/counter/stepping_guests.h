#pragma once

#include <span>

#include "accel/kvm/counter/counter_guest.h"

namespace vmft::kvm::test {

/// A guest that does one thing stepping might disturb, and how many conditional branches it
/// retires.
struct SteppingGuest {
    const char* name;
    u64 branches;
    GuestCode code;
};

std::span<const SteppingGuest> stepping_guests();

}  // namespace vmft::kvm::test
