#include "device/pit_channel.h"

#include <algorithm>

namespace vmft {

namespace {

u16 to_bcd(u32 value) {
    return static_cast<u16>(value % 10 | value / 10 % 10 << 4 | value / 100 % 10 << 8 |
                            value / 1000 % 10 << 12);
}

u32 from_bcd(u32 value) {
    return (value & 15) + (value >> 4 & 15) * 10 + (value >> 8 & 15) * 100 +
           (value >> 12 & 15) * 1000;
}

}  // namespace

void PitChannel::write_control(u8 value, u64 tick) {
    mode_ = value >> 1 & 7;
    if (mode_ > 5) mode_ -= 4;  // x10 and x11
    access_ = value >> 4 & 3;
    bcd_ = value & 1;
    high_byte_next_write_ = high_byte_next_read_ = false;
    count_latched_ = status_latched_ = false;
    // The counting element keeps its last value until a new count comes; we show the full count.
    loaded_ = started_ = false;
    held_ = !gate_ && mode_ != 1 && mode_ != 5;
    held_elapsed_ = 0;
    reload_ = period_ = modulus();
    start_tick_ = tick;
    switch_tick_ = never;
    next_rise_ = never;
}

void PitChannel::write_count(u8 value, u64 tick) {
    if (access_ == 3 && !high_byte_next_write_) {
        written_low_ = value;
        high_byte_next_write_ = true;
        if (mode_ == 0) {  // the first byte stops the count and drops the output
            started_ = false;
            next_rise_ = never;
        }
        return;
    }
    u32 count = access_ == 1   ? value
                : access_ == 2 ? u32{value} << 8
                               : u32{value} << 8 | written_low_;
    high_byte_next_write_ = false;
    if (bcd_) count = from_bcd(count);
    if (count == 0 || count > modulus()) count = modulus();
    if (count == 1 && periodic()) count = 2;  // 1 is illegal in modes 2 and 3
    load(count, tick);
}

/// A whole count has been written: modes 0 and 4 take it at the next tick, 1 and 5 at the next
/// trigger, 2 and 3 at the next tick when idle, else at the end of the period.
void PitChannel::load(u32 count, u64 tick) {
    settle(tick);
    bool first = !loaded_;
    reload_ = count;
    loaded_ = true;
    if (mode_ == 1 || mode_ == 5) return;
    if (periodic() && !first && started_ && !held_ && tick >= start_tick_) {
        if (reload_ != period_)
            switch_tick_ = start_tick_ + (elapsed(tick) / period_ + 1) * period_;
        recompute_rise(tick);
        return;
    }
    period_ = count;
    started_ = true;
    start_tick_ = tick + 1;
    held_ = !gate_;
    held_elapsed_ = 0;
    recompute_rise(tick);
}

/// Takes the new count where a period has ended since it was written.
void PitChannel::settle(u64 tick) {
    if (tick < switch_tick_) return;
    start_tick_ = switch_tick_;
    period_ = reload_;
    switch_tick_ = never;
}

void PitChannel::set_gate(bool up, u64 tick) {
    if (up == gate_) return;
    settle(tick);
    u64 counted = elapsed(tick);
    gate_ = up;
    if (mode_ == 1 || mode_ == 5) {
        if (up && loaded_) {
            period_ = reload_;
            started_ = true;
            start_tick_ = tick + 1;
        }
    } else if (!up) {
        held_ = true;
        held_elapsed_ = counted;
        if (switch_tick_ != never)
            switch_tick_ = never;  // the rise of the gate loads the new count
    } else {
        held_ = false;
        if (periodic()) {
            period_ = reload_;
            start_tick_ = tick + 1;
        } else {
            start_tick_ = tick - std::min(tick, held_elapsed_);
        }
    }
    recompute_rise(tick);
}

u64 PitChannel::elapsed(u64 tick) const {
    if (held_) return held_elapsed_;
    return tick > start_tick_ ? tick - start_tick_ : 0;
}

u32 PitChannel::count_at(u64 tick) const {
    if (!started_) return period_;
    u64 counted = elapsed(tick);
    u32 size = modulus();
    switch (mode_) {
    case 2: return period_ - static_cast<u32>(counted % period_);
    case 3: {  // counts down by two, twice per period
        u32 at = static_cast<u32>(counted % period_), high = (period_ + 1) / 2;
        u32 even = period_ & ~1u;
        u32 into = at < high ? at : at - high;
        return std::max<u32>(even - std::min(even, 2 * into), 2);
    }
    default: {
        u64 wrapped = counted % size;
        return static_cast<u32>((period_ + size - wrapped) % size);
    }
    }
}

u16 PitChannel::visible_count(u64 tick) const {
    u32 count = count_at(tick) % modulus();
    return bcd_ ? to_bcd(count) : static_cast<u16>(count);
}

bool PitChannel::output(u64 tick) const {
    if (!started_) return mode_ != 0;
    // Between settle()s a period that ended counts on; only the phase after switch_tick_ differs.
    u64 counted = elapsed(tick);
    bool waiting = !held_ && tick < start_tick_;
    switch (mode_) {
    case 0: return !waiting && counted >= period_;
    case 1: return !waiting && counted >= period_;
    case 2: return held_ || counted % period_ != period_ - 1;
    case 3: return held_ || counted % period_ < (period_ + 1) / 2;
    default: return waiting || counted != period_;
    }
}

/// The first rise after `after_tick`, from where counting stands.
void PitChannel::recompute_rise(u64 after_tick) {
    next_rise_ = never;
    if (!started_ || held_) return;
    switch (mode_) {
    case 0:
    case 1: next_rise_ = start_tick_ + period_; break;
    case 4:
    case 5: next_rise_ = start_tick_ + period_ + 1; break;
    default:
        next_rise_ =
            start_tick_ +
            ((after_tick > start_tick_ ? after_tick - start_tick_ : 0) / period_ + 1) * period_;
        return;
    }
    if (next_rise_ <= after_tick) next_rise_ = never;
}

bool PitChannel::take_rises(u64 tick) {
    if (tick < next_rise_) return false;
    settle(tick);
    recompute_rise(tick);
    return true;
}

void PitChannel::latch_count(u64 tick) {
    settle(tick);
    if (count_latched_) return;
    latched_count_ = visible_count(tick);
    count_latched_ = true;
}

u8 PitChannel::status(u64 tick) const {
    bool null_count = !loaded_ || switch_tick_ != never ||
                      (started_ && !held_ && tick < start_tick_) ||
                      ((mode_ == 1 || mode_ == 5) && (!started_ || reload_ != period_));
    return static_cast<u8>(output(tick) << 7 | null_count << 6 | access_ << 4 | mode_ << 1 | bcd_);
}

void PitChannel::latch_status(u64 tick) {
    settle(tick);
    if (status_latched_) return;
    latched_status_ = status(tick);
    status_latched_ = true;
}

u8 PitChannel::read_count(u64 tick) {
    settle(tick);
    if (status_latched_) {
        status_latched_ = false;
        return latched_status_;
    }
    u16 count = count_latched_ ? latched_count_ : visible_count(tick);
    bool high = access_ == 2 || (access_ == 3 && high_byte_next_read_);
    if (access_ == 3) high_byte_next_read_ = !high_byte_next_read_;
    if (access_ != 3 || high) count_latched_ = false;
    return static_cast<u8>(high ? count >> 8 : count);
}

void PitChannel::save(StateWriter& state) const {
    state.put(mode_);
    state.put(access_);
    for (bool flag : {bcd_, gate_, high_byte_next_write_, high_byte_next_read_, count_latched_,
                      status_latched_, loaded_, started_, held_})
        state.put(static_cast<u8>(flag));
    state.put(written_low_);
    state.put(latched_count_);
    state.put(latched_status_);
    state.put(reload_);
    state.put(period_);
    state.put(start_tick_);
    state.put(held_elapsed_);
    state.put(switch_tick_);
    state.put(next_rise_);
}

void PitChannel::restore(StateReader& state) {
    state.get(mode_);
    state.get(access_);
    for (bool* flag : {&bcd_, &gate_, &high_byte_next_write_, &high_byte_next_read_,
                       &count_latched_, &status_latched_, &loaded_, &started_, &held_})
        *flag = state.get<u8>() != 0;
    state.get(written_low_);
    state.get(latched_count_);
    state.get(latched_status_);
    state.get(reload_);
    state.get(period_);
    state.get(start_tick_);
    state.get(held_elapsed_);
    state.get(switch_tick_);
    state.get(next_rise_);
    u32 least = periodic() ? 2 : 1;
    if (mode_ > 5 || access_ < 1 || access_ > 3 || period_ < least || period_ > modulus() ||
        reload_ < least || reload_ > modulus()) {
        state.fail();
        *this = PitChannel(gate_);
    }
}

}  // namespace vmft
