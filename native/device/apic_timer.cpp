#include "device/apic_timer.h"

#include "device/frequency.h"
#include "machine/layout.h"

namespace vmft {

namespace {

u64 timer_tick(u64 now_ns) { return ticks_at(now_ns, layout::local_apic_timer_hz); }

}  // namespace

u64 ApicTimer::divisor() const {
    // SDM 3A figure 11-10: 000 divides by 2, …, 110 by 128, 111 by 1.
    unsigned code = (divide_configuration_ & 3) | (divide_configuration_ & 8) >> 1;
    return u64{1} << ((code + 1) & 7);
}

void ApicTimer::recompute_deadline() {
    deadline_ns_ = no_deadline_ns;
    if (mode_ == Mode::tsc_deadline) {
        if (tsc_deadline_ != 0) deadline_ns_ = ns_of_tick(tsc_deadline_, layout::tsc_hz);
    } else if (counting_) {
        deadline_ns_ = ns_of_tick(expiry_tick_, layout::local_apic_timer_hz);
    }
}

void ApicTimer::stop() {
    counting_ = false;
    tsc_deadline_ = 0;
    recompute_deadline();
}

void ApicTimer::set_mode(Mode mode, u64 now_ns) {
    if (mode == mode_) return;
    bool deadline_involved = mode == Mode::tsc_deadline || mode_ == Mode::tsc_deadline;
    if (deadline_involved) {
        stop();
        initial_count_ = 0;
    } else {
        advance(now_ns);
    }
    mode_ = mode;
    recompute_deadline();
}

void ApicTimer::set_initial_count(u32 count, u64 now_ns) {
    if (mode_ == Mode::tsc_deadline) return;
    initial_count_ = count;
    counting_ = count != 0;
    expiry_tick_ = timer_tick(now_ns) + u64{count} * divisor();
    recompute_deadline();
}

u32 ApicTimer::current_count(u64 now_ns) const {
    if (mode_ == Mode::tsc_deadline || !counting_) return 0;
    u64 tick = timer_tick(now_ns), left = 0;
    if (tick < expiry_tick_) {
        left = expiry_tick_ - tick;
    } else if (mode_ == Mode::periodic) {
        u64 period = u64{initial_count_} * divisor();
        left = period - (tick - expiry_tick_) % period;
    }
    return static_cast<u32>((left + divisor() - 1) / divisor());
}

void ApicTimer::set_divide_configuration(u32 value, u64 now_ns) {
    u32 count = current_count(now_ns);
    divide_configuration_ = value & 0xB;
    if (counting_ && count != 0) expiry_tick_ = timer_tick(now_ns) + u64{count} * divisor();
    recompute_deadline();
}

void ApicTimer::set_tsc_deadline(u64 tsc) {
    if (mode_ != Mode::tsc_deadline) return;
    tsc_deadline_ = tsc;
    recompute_deadline();
}

bool ApicTimer::advance(u64 now_ns) {
    if (now_ns < deadline_ns_ || deadline_ns_ == no_deadline_ns) return false;
    if (mode_ == Mode::tsc_deadline) {
        tsc_deadline_ = 0;
    } else if (mode_ == Mode::periodic) {
        u64 period = u64{initial_count_} * divisor();
        expiry_tick_ += ((timer_tick(now_ns) - expiry_tick_) / period + 1) * period;
    } else {
        counting_ = false;
    }
    recompute_deadline();
    return true;
}

void ApicTimer::save(StateWriter& state) const {
    state.put(mode_);
    state.put(initial_count_);
    state.put(divide_configuration_);
    state.put(static_cast<u8>(counting_));
    state.put(expiry_tick_);
    state.put(tsc_deadline_);
}

void ApicTimer::restore(StateReader& state) {
    state.get(mode_);
    state.get(initial_count_);
    state.get(divide_configuration_);
    counting_ = state.get<u8>() != 0;
    state.get(expiry_tick_);
    state.get(tsc_deadline_);
    divide_configuration_ &= 0xB;
    if (mode_ > Mode::tsc_deadline || (counting_ && initial_count_ == 0)) {
        state.fail();
        *this = ApicTimer();
    }
    recompute_deadline();
}

}  // namespace vmft
