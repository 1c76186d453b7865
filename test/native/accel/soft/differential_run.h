#pragma once

#include <string>
#include <vector>

#include "accel/soft/translator_options.h"

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

/// What the software CPU is, and what is done to it before anything runs.
struct Tested {
    /// With a translator at after_runs 0 the interpreter runs every instance too, and must be the
    /// same in everything, in what the manual leaves undefined as well.
    TranslatorOptions options{false};
    void (*plant)() = nullptr;  ///< May break the software CPU.
};

/// Executes instances [first, first + count) of `seed` on both CPUs, in child processes.
Report run_instances(u64 seed, u64 first, u64 count, const Tested& tested = {});

}  // namespace vmft::differential
