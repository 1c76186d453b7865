#include "device/rtc.h"

#include "device/frequency.h"
#include "device/rtc_registers.h"

namespace vmft {

using namespace rtc;

RealTimeClock::RealTimeClock(const VirtualClock& clock, InterruptLine& line)
    : clock_(clock), line_(line) {
    registers_[reg_a] = divider_running | 6;  // 1,024 Hz, as firmware leaves it
    registers_[reg_b] = b_24_hours;
}

bool RealTimeClock::stopped() const {
    return (registers_[reg_b] & b_set) || (registers_[reg_a] & divider_reset) == divider_reset;
}

i64 RealTimeClock::second_at(u64 now_ns) const {
    unsigned __int128 wall =
        static_cast<unsigned __int128>(now_ns) + clock_.realtime_base_ns() + phase_ns_;
    return static_cast<i64>(wall / ns_per_second) + offset_seconds_;
}

u64 RealTimeClock::fraction_ns_at(u64 now_ns) const {
    unsigned __int128 wall =
        static_cast<unsigned __int128>(now_ns) + clock_.realtime_base_ns() + phase_ns_;
    return static_cast<u64>(wall % ns_per_second);
}

/// The virtual time at which `second` begins; 0 when that is past all virtual time.
u64 RealTimeClock::ns_of_second(i64 second) const {
    __int128 wall =
        static_cast<__int128>(second - offset_seconds_) * static_cast<i64>(ns_per_second);
    __int128 ns = wall - clock_.realtime_base_ns() - phase_ns_;
    if (ns < 0) return 0;
    return ns >= no_deadline_ns ? no_deadline_ns : static_cast<u64>(ns);
}

u64 RealTimeClock::periodic_ticks() const {
    unsigned rate = registers_[reg_a] & 15;
    if (rate == 0 || (registers_[reg_a] & divider_reset) == divider_reset) return 0;
    if (rate <= 2)
        rate += 7;  // data sheet table 5: 1 and 2 are 256 Hz and 128 Hz with a 32,768 Hz base
    return u64{1} << (rate - 1);
}

u8 RealTimeClock::encode(unsigned value) const {
    value %= 100;
    return static_cast<u8>(registers_[reg_b] & b_binary ? value : value / 10 << 4 | value % 10);
}

unsigned RealTimeClock::decode(u8 value) const {
    return registers_[reg_b] & b_binary ? value : (value >> 4) * 10u + (value & 15u);
}

u8 RealTimeClock::encode_hour(unsigned hour) const {
    if (registers_[reg_b] & b_24_hours) return encode(hour);
    unsigned of_12 = hour % 12 == 0 ? 12 : hour % 12;
    return static_cast<u8>(encode(of_12) | (hour >= 12 ? 0x80 : 0));
}

unsigned RealTimeClock::decode_hour(u8 value) const {
    if (registers_[reg_b] & b_24_hours) return decode(value);
    return decode(value & 0x7F) % 12 + (value & 0x80 ? 12 : 0);
}

void RealTimeClock::show_time(i64 second) {
    CalendarTime time = calendar_of(second);
    registers_[reg_seconds] = encode(time.second);
    registers_[reg_minutes] = encode(time.minute);
    registers_[reg_hours] = encode_hour(time.hour);
    registers_[reg_weekday] = encode(time.weekday);
    registers_[reg_day] = encode(time.day);
    registers_[reg_month] = encode(time.month);
    registers_[reg_year] = encode(static_cast<unsigned>(time.year % 100));
    registers_[reg_century] = encode(static_cast<unsigned>(time.year / 100));
}

i64 RealTimeClock::shown_second() const {
    CalendarTime time;
    time.second = decode(registers_[reg_seconds]);
    time.minute = decode(registers_[reg_minutes]);
    time.hour = decode_hour(registers_[reg_hours]);
    time.day = decode(registers_[reg_day]);
    time.month = decode(registers_[reg_month]);
    time.year = i64{decode(registers_[reg_century])} * 100 + decode(registers_[reg_year]);
    return seconds_of(time);
}

/// Makes the present second `second`, keeping the phase.
void RealTimeClock::set_second(i64 second, u64 now_ns) {
    offset_seconds_ += second - second_at(now_ns);
    seen_second_ = second;
    find_alarm();
}

bool RealTimeClock::alarm_between(i64 after, i64 until) const {
    return next_alarm_ > after && next_alarm_ <= until;
}

/// The next second whose time of day matches the alarm registers; codes 0xC0 … 0xFF match anything.
void RealTimeClock::find_alarm() {
    auto any = [](u8 value) { return value >= 0xC0; };
    u8 seconds = registers_[reg_alarm_seconds], minutes = registers_[reg_alarm_minutes],
       hours = registers_[reg_alarm_hours];
    constexpr i64 never = i64{1} << 60;
    next_alarm_ = never;
    i64 first = seen_second_ + 1;
    CalendarTime time = calendar_of(first);
    i64 midnight = first - (time.hour * 3600 + time.minute * 60 + time.second);
    unsigned first_of_day = time.hour * 3600 + time.minute * 60 + time.second;
    // Today from now on, then tomorrow from midnight. Whole hours and minutes that cannot match are
    // skipped.
    for (int day = 0; day < 2; day++, midnight += 86'400, first_of_day = 0) {
        for (unsigned hour = first_of_day / 3600; hour < 24; hour++) {
            if (!any(hours) && decode_hour(hours) != hour) continue;
            for (unsigned minute = 0; minute < 60; minute++) {
                if (!any(minutes) && decode(minutes) != minute) continue;
                for (unsigned second = 0; second < 60; second++) {
                    if (!any(seconds) && decode(seconds) != second) continue;
                    unsigned of_day = hour * 3600 + minute * 60 + second;
                    if (of_day < first_of_day) continue;
                    next_alarm_ = midnight + of_day;
                    return;
                }
            }
        }
    }
}

/// Sets the flags of everything that has happened up to now, each once.
void RealTimeClock::catch_up(u64 now_ns) {
    u8& flags = registers_[reg_c];
    if (!stopped()) {
        i64 second = second_at(now_ns);
        if (second > seen_second_ && seen_second_ != unseen) {
            flags |= flag_update;
            if (alarm_between(seen_second_, second)) flags |= flag_alarm;
        }
        if (second != seen_second_) {
            seen_second_ = second;
            find_alarm();
        }
    }
    u64 tick = ticks_at(now_ns, periodic_hz);
    if (u64 period = periodic_ticks(); period != 0 && tick / period != seen_periodic_ / period)
        flags |= flag_periodic;
    seen_periodic_ = tick;
    update_line();
}

void RealTimeClock::update_line() {
    u8& flags = registers_[reg_c];
    bool up = flags & registers_[reg_b] & interrupt_bits;
    flags = static_cast<u8>((flags & interrupt_bits) | (up ? flag_request : 0));
    line_.set(up);
}

u64 RealTimeClock::deadline_ns() const {
    // Only interrupts that are enabled and not already requested need a stop; other flags are found
    // when they are read.
    u8 wanted = registers_[reg_b] & interrupt_bits & static_cast<u8>(~registers_[reg_c]);
    u64 earliest = no_deadline_ns;
    auto consider = [&](u64 ns) { earliest = ns < earliest ? ns : earliest; };
    if (u64 period = periodic_ticks(); (wanted & flag_periodic) && period != 0)
        consider(ns_of_tick((seen_periodic_ / period + 1) * period, periodic_hz));
    if (!stopped()) {
        if (wanted & flag_update) consider(ns_of_second(seen_second_ + 1));
        if (wanted & flag_alarm) consider(ns_of_second(next_alarm_));
    }
    return earliest;
}

void RealTimeClock::advance(u64 now_ns) {
    if (now_ns >= deadline_ns()) catch_up(now_ns);
}

void RealTimeClock::save(StateWriter& state) const {
    state.put(index_);
    state.put_bytes(registers_);
    state.put(offset_seconds_);
    state.put(phase_ns_);
    state.put(seen_second_);
    state.put(seen_periodic_);
}

void RealTimeClock::restore(StateReader& state) {
    index_ = state.get<u8>() & 0x7F;
    state.get_bytes(registers_);
    state.get(offset_seconds_);
    state.get(phase_ns_);
    state.get(seen_second_);
    state.get(seen_periodic_);
    constexpr i64 bound = i64{1} << 40;
    if (phase_ns_ >= ns_per_second || offset_seconds_ > bound || offset_seconds_ < -bound ||
        seen_second_ > bound || seen_second_ < -bound) {
        state.fail();
        offset_seconds_ = seen_second_ = 0;
        phase_ns_ = 0;
    }
    find_alarm();
}

}  // namespace vmft
