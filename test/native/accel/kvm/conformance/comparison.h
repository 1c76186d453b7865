#pragma once

#include "accel/kvm/conformance/follower.h"

namespace vmft::test::conformance {

struct Report {
    u64 places = 0;      ///< Compared: all registers, and every page that either has written.
    u64 passed_by = 0;   ///< Where the follower cannot stop: compared by what came of them.
    u64 interrupts = 0;  ///< Taken by the guest.
    u64 frames_without_rf = 0;  ///< Pages looked at that differed in it: see ComparisonOptions.
    u64 accesses = 0;           ///< To ports, devices and the platform's registers.
    bool completed = false;     ///< The guest came to its end.
    std::string difference;     ///< The first, for a developer to read; empty: none.

    bool fine() const { return completed && difference.empty(); }
    Report& operator+=(const Report& other);
};

struct ComparisonOptions {
    u64 seed = 1;
    u64 places_max = 200'000;
    /// The processor's frames of faults may lack RF (QEMU's TCG, unless patched): a word of the
    /// stacks may differ in it.
    bool rf_may_lack = false;
    u64 interrupt_in_places =
        23;  ///< Mean distance of random interrupts, where a guest takes them.
};

/// Runs a guest on the software CPU and on a follower, place by place.
Report compare(const Guest& guest, const FollowerFactory& make_follower,
               const ComparisonOptions& options);

/// Whether the instruction is a conditional branch: Jcc, LOOP, LOOPcc, JrCXZ.
bool is_conditional_branch(std::span<const u8> code);
/// Length of a string instruction with REP; 0: it is none.
unsigned repeated_string_bytes(std::span<const u8> code);

}  // namespace vmft::test::conformance
