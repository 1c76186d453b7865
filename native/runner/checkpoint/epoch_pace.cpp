#include "runner/checkpoint/epoch_pace.h"

#include <algorithm>

namespace vmft {

u64 EpochPace::interval_ns() const {
    return std::clamp(std::max(pause_ns_, encoding_ns_) * cost_divisor, default_ns, longest_ns);
}

u64 EpochPace::output_interval_ns() const {
    return std::clamp(std::max(pause_ns_ * cost_divisor, encoding_ns_ * early_encoding_divisor),
                      output_min_ns, longest_ns);
}

u64 EpochPace::due_at_ns(bool output_waits) const {
    u64 interval = interval_ns();
    u64 due = began_ns_ + (ran_ns_ >= interval ? interval : idle_ns);
    return output_waits ? std::min(due, began_ns_ + output_interval_ns()) : due;
}

}  // namespace vmft
