#pragma once

#include "base/types.h"

/// Counters that follow virtual time. All arithmetic is absolute (from virtual time 0)
/// and in 128 bits, so that a counter never drifts, however long the machine has run.
namespace vmft {

inline constexpr u64 ns_per_second = 1'000'000'000;

/// How often a clock of `hz` has ticked by virtual time `now_ns`.
inline u64 ticks_at(u64 now_ns, u64 hz) {
    return static_cast<u64>(static_cast<unsigned __int128>(now_ns) * hz / ns_per_second);
}

/// The earliest virtual time at which ticks_at() is at least `ticks`; saturates below
/// no_deadline_ns.
inline u64 ns_of_tick(u64 ticks, u64 hz) {
    unsigned __int128 ns = (static_cast<unsigned __int128>(ticks) * ns_per_second + (hz - 1)) / hz;
    constexpr u64 latest = ~u64{0} - 1;
    return ns > latest ? latest : static_cast<u64>(ns);
}

}  // namespace vmft
