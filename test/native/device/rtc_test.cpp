#include "device/rtc.h"

#include "device/frequency.h"
#include "fake_machine.h"
#include "test.h"

using namespace vmft;
using namespace vmft::test;

namespace {

// 2026-11-23 03:27:03 UTC, a Monday.
constexpr u64 base_seconds = 1'795'404'423;

struct Rtc {
    FakeClock clock;
    FakeLine line;
    RealTimeClock rtc{clock, line};
    explicit Rtc(u64 base = base_seconds) { clock.base = base * ns_per_second; }
    u8 get(u8 index) {
        rtc.write(0, 1, index);
        return static_cast<u8>(rtc.read(1, 1));
    }
    void set(u8 index, u8 value) {
        rtc.write(0, 1, index);
        rtc.write(1, 1, value);
    }
    void expect_time(u8 century, u8 year, u8 month, u8 day, u8 hour, u8 minute, u8 second) {
        VMFT_EXPECT_EQUAL(get(0x32), century);
        VMFT_EXPECT_EQUAL(get(9), year);
        VMFT_EXPECT_EQUAL(get(8), month);
        VMFT_EXPECT_EQUAL(get(7), day);
        VMFT_EXPECT_EQUAL(get(4), hour);
        VMFT_EXPECT_EQUAL(get(2), minute);
        VMFT_EXPECT_EQUAL(get(0), second);
    }
};

}  // namespace

VMFT_TEST(calendar_round_trip) {
    for (i64 day = -800'000; day < 800'000; day += 97) {
        i64 seconds = day * 86'400 + 12'345;
        VMFT_EXPECT_EQUAL(seconds_of(calendar_of(seconds)), seconds);
    }
    CalendarTime leap = calendar_of(951'782'400);  // 2000-02-29
    VMFT_EXPECT(leap.year == 2000 && leap.month == 2 && leap.day == 29 && leap.weekday == 3);
    VMFT_EXPECT_EQUAL(seconds_of({.year = 2100, .month = 3, .day = 1}) -
                          seconds_of({.year = 2100, .month = 2, .day = 28}),
                      86'400);
}

VMFT_TEST(rtc_shows_the_wall_clock) {
    Rtc t;
    t.expect_time(0x20, 0x26, 0x11, 0x23, 0x03, 0x27, 0x03);
    VMFT_EXPECT_EQUAL(t.get(6), 2);  // Monday
    VMFT_EXPECT_EQUAL(t.get(0x0D), 0x80);
    t.clock.now = 3600 * ns_per_second * 12;
    t.expect_time(0x20, 0x26, 0x11, 0x23, 0x15, 0x27, 0x03);
    t.set(0x0B, 0x00);  // 12 hours
    VMFT_EXPECT_EQUAL(t.get(4), 0x83);
    t.set(0x0B, 0x06);  // binary
    t.expect_time(20, 26, 11, 23, 15, 27, 3);
}

VMFT_TEST(rtc_is_set_as_linux_does) {
    Rtc t;
    t.clock.now = 300'000'000;
    u8 b = t.get(0x0B), a = t.get(0x0A) & 0x7F;
    t.set(0x0B, b | 0x80);
    t.set(0x0A, a | 0x70);
    t.set(9, 0x99);
    t.set(8, 0x12);
    t.set(7, 0x31);
    t.set(4, 0x23);
    t.set(2, 0x59);
    t.set(0, 0x59);
    t.set(0x32, 0x19);
    t.clock.now += 5 * ns_per_second;  // stands still
    VMFT_EXPECT_EQUAL(t.get(0), 0x59);
    t.set(0x0B, b);
    t.set(0x0A, a);
    t.expect_time(0x19, 0x99, 0x12, 0x31, 0x23, 0x59, 0x59);
    t.clock.now += 499'999'999;
    VMFT_EXPECT_EQUAL(t.get(0), 0x59);
    t.clock.now += 1;  // half a second after the divider started
    t.expect_time(0x20, 0x00, 0x01, 0x01, 0x00, 0x00, 0x00);
}

VMFT_TEST(rtc_update_in_progress) {
    Rtc t;
    t.clock.now = 999'000'000;
    VMFT_EXPECT_EQUAL(t.get(0x0A) & 0x80, 0);
    t.clock.now = 999'800'000;
    VMFT_EXPECT_EQUAL(t.get(0x0A) & 0x80, 0x80);
    t.clock.now = 1'000'000'000;
    VMFT_EXPECT_EQUAL(t.get(0x0A) & 0x80, 0);
}

VMFT_TEST(rtc_periodic_interrupt) {
    Rtc t;
    t.get(0x0C);
    t.set(0x0A, 0x26);  // 1,024 Hz
    t.set(0x0B, 0x42);
    unsigned fired = 0;
    while (t.rtc.deadline_ns() < 10 * ns_per_second) {
        t.clock.now = t.rtc.deadline_ns();
        t.rtc.advance(t.clock.now);
        VMFT_EXPECT(t.line.up);
        VMFT_EXPECT_EQUAL(t.get(0x0C) & 0xC0, 0xC0);
        VMFT_EXPECT(!t.line.up);
        if (++fired > 20'000) break;
    }
    VMFT_EXPECT_EQUAL(fired, 10'239u);  // ticks 1 … 10239 lie before ten seconds
    t.clock.now = u64{1} << 60;
    t.rtc.advance(t.clock.now);
    t.get(0x0C);
    VMFT_EXPECT(t.rtc.deadline_ns() > t.clock.now && t.rtc.deadline_ns() < t.clock.now + 1'000'000);
}

VMFT_TEST(rtc_alarm_and_update_interrupts) {
    Rtc t;
    t.get(0x0C);
    t.set(1, 0x10);
    t.set(3, 0x28);
    t.set(5, 0xC0);  // any hour
    t.set(0x0B, 0x22);
    VMFT_EXPECT_EQUAL(t.rtc.deadline_ns(), 67 * ns_per_second);  // 03:28:10
    run_until(t.clock, t.rtc, 68 * ns_per_second);
    VMFT_EXPECT(t.line.up);
    VMFT_EXPECT_EQUAL(t.get(0x0C), 0xF0);  // the periodic flag too: it needs no enable
    VMFT_EXPECT_EQUAL(t.rtc.deadline_ns(), (67 + 3600) * ns_per_second);
    t.set(5, 0x03);
    VMFT_EXPECT_EQUAL(t.rtc.deadline_ns(), (67 + 86'400) * ns_per_second);  // tomorrow
    t.set(5, 0x77);                                                         // never
    VMFT_EXPECT_EQUAL(t.rtc.deadline_ns(), no_deadline_ns);
    t.set(0x0B, 0x12);
    VMFT_EXPECT_EQUAL(t.rtc.deadline_ns(), 69 * ns_per_second);
}

VMFT_TEST(rtc_follows_a_corrected_wall_clock) {
    Rtc t;
    t.set(0x0B, 0x12);
    t.clock.base -= 10 * ns_per_second;
    VMFT_EXPECT_EQUAL(t.get(0), 0x53);
    t.clock.base += 70 * ns_per_second;
    VMFT_EXPECT_EQUAL(t.rtc.deadline_ns(), 0u);
    t.rtc.advance(t.clock.now);
    VMFT_EXPECT(t.line.up);
}

VMFT_TEST(rtc_memory_and_state) {
    Rtc t, u;
    for (unsigned i = 0x0E; i < 0x80; i++)
        if (i != 0x32) t.set(static_cast<u8>(i), static_cast<u8>(i * 3));
    t.set(4, 0x11);
    t.set(0x0B, 0x32);
    copy_state(t.rtc, u.rtc);
    VMFT_EXPECT_EQUAL(u.get(0x50), 0xF0);
    VMFT_EXPECT_EQUAL(u.get(4), 0x11);
    VMFT_EXPECT_EQUAL(u.rtc.deadline_ns(), t.rtc.deadline_ns());
    run_until(t.clock, t.rtc, 5 * ns_per_second);
    run_until(u.clock, u.rtc, 5 * ns_per_second);
    VMFT_EXPECT_EQUAL(t.get(0x0C), u.get(0x0C));
}

VMFT_TEST(rtc_survives_any_guest) {
    FakeClock clock;
    clock.base = base_seconds * ns_per_second;
    FakeLine line;
    RealTimeClock a(clock, line), b(clock, line);
    hammer(clock, a, b, 3, 1, 4);
}
