#pragma once

#include "base/state_bytes.h"
#include "base/types.h"
#include "input/input.h"

namespace vmft {

/// Virtual time as a function of the position (design: "Time"): a clock input sets a base,
/// from which time grows by a fixed number of picoseconds a tick. Integers only, rounded
/// down, so that every host computes the same nanosecond.
class VirtualTime {
public:
    static constexpr u64 never = ~u64{0};

    /// `realtime_ns`: wall clock at position 0, nanoseconds since 1970 (UTC).
    explicit VirtualTime(u64 realtime_ns) : realtime_base_ns_(realtime_ns) {}

    /// Virtual nanoseconds at `ticks`, which is not before the last clock input's.
    u64 now_ns(u64 ticks) const;

    /// The first ticks at which now_ns() is `deadline_ns` or more; `never` when no number of ticks
    /// gets there.
    u64 ticks_at(u64 deadline_ns) const;

    /// Takes a clock input at `ticks`. Time never runs backwards: a `virtual_ns` of the past counts
    /// as now.
    void apply(const ClockInput& clock, u64 ticks);

    /// Wall clock at virtual time 0. It follows clock inputs only when they differ by more than
    /// realtime_step_ns, so that the guest's RTC does not jitter with the host's scheduling.
    u64 realtime_base_ns() const { return realtime_base_ns_; }
    static constexpr u64 realtime_step_ns = 100'000'000;

    u32 picoseconds_per_tick() const { return picoseconds_per_tick_; }

    void save(StateWriter& state) const;
    void restore(StateReader& state);

private:
    u64 base_ticks_ = 0;
    u64 base_ns_ = 0;
    u32 picoseconds_per_tick_ = 1000;  // until the first clock input: 10^9 instructions a second
    u64 realtime_base_ns_ = 0;
};

}  // namespace vmft
