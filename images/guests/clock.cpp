// Clocks that are read: the TSC, the ACPI PM timer and the RTC never run backwards, and agree on
// what a while is.

#include "guest.h"

namespace {

using namespace guest;
namespace layout = vmft::layout;

constexpr u32 pm_timer_mask = 0xffffff;  // the 24 bits that every PM timer has

u8 read_cmos(u8 index) {
    out8(layout::rtc, index);
    return in8(layout::rtc + 1);
}

bool tsc_is_monotonic() {
    u64 last = read_tsc();
    for (int i = 0; i < 100'000; ++i) {
        u64 now = read_tsc();
        if (now < last) return false;
        last = now;
    }
    return true;
}

bool pm_timer_advances() {
    u32 start = in32(layout::pm_timer) & pm_timer_mask;
    u32 last = 0;
    while (last < layout::pm_timer_hz / 100) {
        u32 passed = ((in32(layout::pm_timer) & pm_timer_mask) - start) & pm_timer_mask;
        if (passed < last) return false;
        last = passed;
    }
    return true;
}

bool rtc_is_valid() {
    constexpr u8 register_d_valid = 0x80;
    u8 month = read_cmos(8);
    return (read_cmos(0x0d) & register_d_valid) && month >= 1 && month <= 0x12;
}

// A second on the RTC is between half and twice a second on the PM timer.
bool rtc_agrees_with_pm_timer() {
    u8 second = read_cmos(0);
    while (read_cmos(0) == second) {
    }
    second = read_cmos(0);
    u32 start = in32(layout::pm_timer);
    while (read_cmos(0) == second) {
    }
    u64 passed = (in32(layout::pm_timer) - start) & pm_timer_mask;
    return passed > layout::pm_timer_hz / 2 && passed < layout::pm_timer_hz * 2;
}

}  // namespace

extern "C" void guest_main() {
    expect(tsc_is_monotonic(), "clock: tsc");
    expect(pm_timer_advances(), "clock: pm timer");
    expect(rtc_is_valid(), "clock: rtc");
    expect(rtc_agrees_with_pm_timer(), "clock: rtc and pm timer");
}
