#pragma once

#include "base/types.h"

namespace vmft {

/// When an epoch ends: a matter of the host's time, of what the guest did and of what checkpoints
/// cost. Times are nanoseconds of the host's steady clock.
///
/// An epoch is as long as the guest has run for `interval_ns()`, and at most `idle_ns`, so that a
/// guest that hardly runs hardly costs anything. An output that waits ends it early, but not
/// before `output_interval_ns()`. Both grow with what the last checkpoints cost, the guest's pause
/// and the encoding, so that this stays a small part of the time.
class EpochPace {
public:
    static constexpr u64 default_ns = 20'000'000;
    static constexpr u64 output_min_ns = 4'000'000;
    static constexpr u64 longest_ns = 100'000'000;
    static constexpr u64 idle_ns = 1'000'000'000;
    /// The guest's pause is at most a fifth of an epoch, and so is the encoding, as long as epochs
    /// may grow; of one that an output ends early the encoding, on another thread, may be half.
    static constexpr u64 cost_divisor = 5;
    static constexpr u64 early_encoding_divisor = 2;

    /// An epoch begins.
    void begin(u64 host_ns) {
        began_ns_ = host_ns;
        ran_ns_ = 0;
    }
    /// The guest ran for so long.
    void ran(u64 nanoseconds) { ran_ns_ += nanoseconds; }
    /// What a checkpoint cost the guest, and the encoder.
    void paused(u64 nanoseconds) { pause_ns_ = smoothed(pause_ns_, nanoseconds); }
    void encoded(u64 nanoseconds) { encoding_ns_ = smoothed(encoding_ns_, nanoseconds); }

    u64 interval_ns() const;
    u64 output_interval_ns() const;

    /// Host time at which the epoch is to end, as far as is known now: perhaps in the past.
    u64 due_at_ns(bool output_waits) const;

private:
    /// Up at once, down slowly.
    static u64 smoothed(u64 before, u64 now) { return now > before ? now : (before * 7 + now) / 8; }

    u64 began_ns_ = 0;
    u64 ran_ns_ = 0;
    u64 pause_ns_ = 0, encoding_ns_ = 0;
};

}  // namespace vmft
