#pragma once

#include "accel/soft/fuzz/fuzz_machine.h"

namespace vmft::fuzz {

/// Where and how the two CPUs first differed.
struct Difference {
    bool found = false;
    u64 equal_ticks = 0;  ///< The last stop at which they were equal.
    u64 ticks = 0;        ///< The stop at which they were not.
    std::string text;
    u64 restarts = 0, ticks_run = 0;
};

Difference compare(const Case& drawn, Planted planted = Planted::none);

/// The case with as little as it takes to differ, and the first stop that shows it.
Case minimise(Case drawn, Planted planted);
/// What of it is left: seed, options, instructions, events, both states.
std::string describe(const Case& drawn, const Difference& difference, Planted planted);

}  // namespace vmft::fuzz
