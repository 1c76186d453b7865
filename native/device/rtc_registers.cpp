// The real-time clock as the guest reaches it: index and data port.

#include "device/rtc_registers.h"

#include "device/frequency.h"
#include "device/rtc.h"

namespace vmft {

using namespace rtc;

u64 RealTimeClock::read(u64 offset, unsigned size_bytes) {
    (void)size_bytes;
    return offset == 1 ? read_register(index_) : 0xFF;  // the index port is write-only
}

void RealTimeClock::write(u64 offset, unsigned size_bytes, u64 value) {
    (void)size_bytes;
    if (offset == 0) index_ = value & 0x7F;  // bit 7 masks NMI, of which there is none
    if (offset == 1) write_register(index_, static_cast<u8>(value));
}

u8 RealTimeClock::read_register(u8 index) {
    u64 now = clock_.now_ns();
    if (is_time(index) && !stopped()) show_time(second_at(now));
    switch (index) {
    case reg_a: {
        bool updating = !stopped() && ns_per_second - fraction_ns_at(now) <= update_warning_ns;
        return static_cast<u8>(registers_[reg_a] | (updating ? a_update_in_progress : 0));
    }
    case reg_c: {
        catch_up(now);
        u8 flags = registers_[reg_c];
        registers_[reg_c] = 0;
        update_line();
        return flags;
    }
    case reg_d: return d_memory_valid;
    default: return registers_[index];
    }
}

void RealTimeClock::write_register(u8 index, u8 value) {
    u64 now = clock_.now_ns();
    if (index == reg_c || index == reg_d) return;
    if (index == reg_a || index == reg_b) {
        write_control(index, value);
    } else if (is_time(index)) {
        catch_up(now);
        if (!stopped()) show_time(second_at(now));
        registers_[index] = value;
        // The day of the week follows from the date; a write to it is not kept.
        if (!stopped()) set_second(shown_second(), now);
    } else if (is_alarm(index)) {
        catch_up(now);
        registers_[index] = value;
        find_alarm();
    } else {
        registers_[index] = value;
    }
}

void RealTimeClock::write_control(u8 index, u8 value) {
    u64 now = clock_.now_ns();
    catch_up(now);
    bool was_stopped = stopped(), was_reset = (registers_[reg_a] & divider_reset) == divider_reset;
    if (!was_stopped) show_time(second_at(now));
    if (index == reg_a) {
        registers_[reg_a] = value & 0x7F;
    } else {
        // Setting SET clears the update interrupt's enable (data sheet, register B).
        if (value & b_set) value = static_cast<u8>(value & ~flag_update);
        registers_[reg_b] = value;
    }
    bool is_reset = (registers_[reg_a] & divider_reset) == divider_reset;
    if (was_reset && !is_reset) {
        // The first update comes half a second after the divider starts.
        u64 wanted = ns_per_second / 2, present = fraction_ns_at(now);
        phase_ns_ =
            static_cast<u32>((phase_ns_ + ns_per_second + wanted - present) % ns_per_second);
    }
    if (was_stopped && !stopped()) set_second(shown_second(), now);
    // A change of format gives the alarm registers another meaning.
    find_alarm();
    update_line();
}

}  // namespace vmft
