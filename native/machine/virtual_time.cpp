#include "machine/virtual_time.h"

#include <algorithm>

namespace vmft {
namespace {

using u128 = unsigned __int128;

u64 saturate(u128 value) { return value > ~u64{0} ? ~u64{0} : static_cast<u64>(value); }

}  // namespace

u64 VirtualTime::now_ns(u64 ticks) const {
    u64 elapsed = ticks > base_ticks_ ? ticks - base_ticks_ : 0;
    return saturate(base_ns_ + u128{elapsed} * picoseconds_per_tick_ / 1000);
}

u64 VirtualTime::ticks_at(u64 deadline_ns) const {
    if (deadline_ns <= base_ns_) return base_ticks_;
    if (picoseconds_per_tick_ == 0) return never;
    u128 picoseconds = u128{deadline_ns - base_ns_} * 1000;
    return saturate(base_ticks_ +
                    (picoseconds + picoseconds_per_tick_ - 1) / picoseconds_per_tick_);
}

void VirtualTime::apply(const ClockInput& clock, u64 ticks) {
    base_ns_ = std::max(clock.virtual_ns, now_ns(ticks));
    base_ticks_ = ticks;
    picoseconds_per_tick_ = clock.picoseconds_per_tick;
    u64 base = clock.realtime_ns > base_ns_ ? clock.realtime_ns - base_ns_ : 0;
    u64 difference = base > realtime_base_ns_ ? base - realtime_base_ns_ : realtime_base_ns_ - base;
    if (difference > realtime_step_ns) realtime_base_ns_ = base;
}

void VirtualTime::save(StateWriter& state) const {
    state.put(base_ticks_);
    state.put(base_ns_);
    state.put(picoseconds_per_tick_);
    state.put(realtime_base_ns_);
}

void VirtualTime::restore(StateReader& state) {
    state.get(base_ticks_);
    state.get(base_ns_);
    state.get(picoseconds_per_tick_);
    state.get(realtime_base_ns_);
}

}  // namespace vmft
