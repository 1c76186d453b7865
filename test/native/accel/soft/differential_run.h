#pragma once

#include <string>
#include <vector>

#include "base/types.h"

namespace vmft::differential {

/// What a run of instances gave.
struct Report {
    u64 executed = 0;
    u64 faults = 0;   ///< Of the executed: ended in an exception, on both sides alike.
    u64 skipped = 0;  ///< The host's CPU lacks the feature, or a wild address hit the test itself.
    u64 differences = 0;
    std::vector<u64> differences_by_form;  ///< Indexed as forms().
    std::string text;                      ///< The first differences, each with what reproduces it.
    std::string unusable;  ///< Why nothing could be compared on this host; else empty.
};

/// Executes instances [first, first + count) of `seed` on both CPUs, in child processes. `plant` is
/// called in each before anything runs: it may break the software CPU.
Report run_instances(u64 seed, u64 first, u64 count, void (*plant)() = nullptr);

}  // namespace vmft::differential
