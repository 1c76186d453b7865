#pragma once

#include "accel/kvm/conformance/comparison.h"
#include "accel/kvm/conformance/kvm_follower.h"

/// A run on the KVM accelerator, recorded place by place; then run again on a fresh one that is
/// told to stop at some of the places only, with a counter whose overflow comes late.
namespace vmft::test::conformance {

/// All that is mapped of a guest's memory; pages that stay the same are shared by those after it.
class MemoryImage {
public:
    void take(const GuestMemory& memory, const MemoryImage* before);
    /// The words that differ, a few; empty: none.
    std::string differences(const GuestMemory& memory) const;

private:
    using Page = std::array<u8, page_bytes>;
    std::array<std::shared_ptr<const Page>, mapped_end / page_bytes> pages_;
};

/// A place by its position, and all that is there.
struct Stop {
    Position position;
    CpuImage image;
    MemoryImage memory;
    u64 accesses = 0;  ///< So many so far.
    bool halted = false;
    std::vector<u8> raised;  ///< Interrupts that came here from outside.
};

struct RecordedStops {
    Report report;  ///< Of the comparison with the software CPU, which leads the recording.
    std::vector<Stop> stops;
    /// Places left out because an earlier one has the same position: between them lies neither a
    /// conditional branch nor an exit, and the general registers came to be the same.
    u64 ambiguous = 0;
};

RecordedStops record_stops(const Guest& guest, const kvm::KvmOptions& options,
                           const KvmSteps& steps, const ComparisonOptions& comparison);

struct RepeatedStops {
    u64 exact = 0;           ///< Stops made, each with everything equal.
    std::string difference;  ///< Empty: none.
};

/// Stops at each place where something came from outside, and at one of `one_in` others.
RepeatedStops repeat_stops(const Guest& guest, const kvm::KvmOptions& options, u64 platform_seed,
                           const std::vector<Stop>& stops, u64 seed, u64 one_in);

}  // namespace vmft::test::conformance
