#pragma once

#include <vector>

#include "accel/kvm/counter/counter.h"
#include "accel/kvm/counter/counter_guest.h"

namespace vmft::kvm::test {

/// All that names a place, and a hash of the memory that the guest uses.
struct StopPlace {
    u64 ticks = 0, exits = 0;
    kvm_regs registers{};
    u64 memory = 0;
    bool interrupted = false;  ///< An interrupt was injected there.

    bool operator==(const StopPlace& other) const;
};

/// How stopping went.
struct StopsOutcome {
    std::vector<StopPlace> places;
    u64 breakpoint_hits = 0, skid_seen_max = 0;
    std::string failure;  ///< Empty: none.
};

/// Runs a guest (loops, port and device exits, page faults, REP, calls, flags, interrupts) that is
/// broken out of at `stops` random places, wherever it happens to be, and given an interrupt there.
StopsOutcome record_stops(KvmHost& host, const CounterOptions& options, unsigned stops, u64 seed);
/// The same guest, stopped at those places: armed short by the skid, then by breakpoint.
StopsOutcome replay_stops(KvmHost& host, const CounterOptions& options,
                          const std::vector<StopPlace>& places);

}  // namespace vmft::kvm::test
