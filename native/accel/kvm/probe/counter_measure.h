#pragma once

#include <span>
#include <string>

#include "accel/kvm/counter/counter.h"

namespace vmft::kvm {

/// What a counter of this host is worth.
struct CounterMeasure {
    std::string event;  ///< What is counted, and by which event.

    /// A small guest, run `runs` times, counts its branches as its code says, at each of its exits,
    /// however often the host breaks in (every second run is broken out of all the time). `found`
    /// says it on one line; where it is not exact, by how much, and whether that fits an entry into
    /// the guest counted as a branch (AMD), or the speculative lock map (Zen).
    bool exact = false;
    std::string found;
    u64 runs = 0, exits_a_run = 0, branches_a_run = 0, forced_entries = 0;

    /// How many branches late overflows were.
    u64 overflows = 0, skid_min = 0, skid_median = 0, skid_max = 0;
    u64 skid_allowed = 0;  ///< Counter::skid_max().

    // Medians of host time.
    u64 read_ns = 0;        ///< The count, once.
    u64 arm_ns = 0;         ///< Arming and disarming; 0 where nothing is asked of the host for it.
    u64 overflow_ns = 0;    ///< Entering to an overflow that is due at the next branches, and back.
    u64 breakpoint_ns = 0;  ///< From a breakpoint past the instruction, around a loop, to it again.
    u64 step_ns = 0;        ///< One instruction stepped over so that the guest cannot tell.
};

/// Takes some seconds of a slow host. vCPU thread: the calling one. Throws AcceleratorFault: as
/// make_counter does, `counter_lost` when an overflow does not come within seconds.
CounterMeasure measure_counter(KvmHost& host, std::span<const CpuidLeaf> cpuid,
                               const CounterOptions& options);

}  // namespace vmft::kvm
