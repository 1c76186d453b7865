#include "device/pit.h"

#include "device/frequency.h"
#include "fake_machine.h"
#include "machine/layout.h"
#include "test.h"

using namespace vmft;
using namespace vmft::test;

namespace {

struct Timer {
    FakeClock clock;
    FakeLine line;
    Pit pit{clock, line};
    PitGatePort gate{clock, pit};

    void to_tick(u64 tick) { clock.now = ns_of_tick(tick, layout::pit_hz); }
    void program(unsigned channel, unsigned mode, u16 count, bool bcd = false) {
        pit.write(3, 1, channel << 6 | 0x30 | mode << 1 | (bcd ? 1 : 0));
        pit.write(channel, 1, count & 0xFF);
        pit.write(channel, 1, count >> 8);
    }
    unsigned count(unsigned channel) {
        pit.write(3, 1, channel << 6);
        unsigned low = static_cast<unsigned>(pit.read(channel, 1));
        return low | static_cast<unsigned>(pit.read(channel, 1)) << 8;
    }
    u8 status(unsigned channel) {
        pit.write(3, 1, 0xE0 | 2u << channel);
        return static_cast<u8>(pit.read(channel, 1));
    }
};

}  // namespace

VMFT_TEST(frequency_is_exact_and_inverse) {
    for (u64 hz : {layout::pit_hz, layout::pm_timer_hz, u64{32'768}, u64{1'000'000'000}})
        for (u64 tick : {u64{0}, u64{1}, u64{12'345'678}, u64{1'000'000'000'000}}) {
            u64 ns = ns_of_tick(tick, hz);
            VMFT_EXPECT_EQUAL(ticks_at(ns, hz), tick);
            if (ns > 0) VMFT_EXPECT(ticks_at(ns - 1, hz) < tick);
        }
}

VMFT_TEST(pit_mode_2_is_periodic_without_drift) {
    Timer t;
    t.program(0, 2, 11'932);  // about 100 Hz
    unsigned before = t.line.rises;
    VMFT_EXPECT(run_until(t.clock, t.pit, 3600 * ns_per_second));
    u64 ticks = ticks_at(t.clock.now, layout::pit_hz);
    VMFT_EXPECT_EQUAL(t.line.rises - before, (ticks - 1) / 11'932);
}

VMFT_TEST(pit_long_jump_is_one_interrupt) {
    Timer t;
    t.program(0, 2, 1000);
    unsigned before = t.line.rises;
    t.clock.now = u64{1} << 60;
    t.pit.advance(t.clock.now);
    VMFT_EXPECT_EQUAL(t.line.rises, before + 1);
    VMFT_EXPECT(t.pit.deadline_ns() > t.clock.now);
    u64 rise = ticks_at(t.pit.deadline_ns(), layout::pit_hz);
    VMFT_EXPECT_EQUAL((rise - 1) % 1000, 0u);  // started at tick 1
}

VMFT_TEST(pit_counts_down_in_mode_2) {
    Timer t;
    t.program(0, 2, 100);
    t.to_tick(1);
    VMFT_EXPECT_EQUAL(t.count(0), 100u);
    t.to_tick(31);
    VMFT_EXPECT_EQUAL(t.count(0), 70u);
    t.to_tick(100);
    VMFT_EXPECT_EQUAL(t.count(0), 1u);
    VMFT_EXPECT_EQUAL(t.status(0) & 0x80, 0);  // low for the last tick
    t.to_tick(101);
    VMFT_EXPECT_EQUAL(t.count(0), 100u);
    VMFT_EXPECT_EQUAL(t.status(0), 0x80 | 0x30 | 0x04);
}

VMFT_TEST(pit_new_count_waits_for_the_period) {
    Timer t;
    t.program(0, 2, 100);
    t.to_tick(51);
    t.pit.write(0, 1, 40);
    t.pit.write(0, 1, 0);
    VMFT_EXPECT_EQUAL(t.status(0) & 0x40, 0x40);  // null count
    t.to_tick(61);
    VMFT_EXPECT_EQUAL(t.count(0), 40u);  // 100 - 60
    t.to_tick(111);
    VMFT_EXPECT_EQUAL(t.count(0), 30u);
    VMFT_EXPECT_EQUAL(t.status(0) & 0x40, 0);
    run_until(t.clock, t.pit, ns_of_tick(112, layout::pit_hz));
    VMFT_EXPECT_EQUAL(ticks_at(t.pit.deadline_ns(), layout::pit_hz), 141u);
}

VMFT_TEST(pit_mode_0_interrupts_once) {
    Timer t;
    t.pit.write(3, 1, 0x30);
    VMFT_EXPECT(!t.line.up);
    t.pit.write(0, 1, 0xE8);
    VMFT_EXPECT_EQUAL(t.pit.deadline_ns(), no_deadline_ns);  // half a count
    t.pit.write(0, 1, 0x03);
    VMFT_EXPECT_EQUAL(ticks_at(t.pit.deadline_ns(), layout::pit_hz), 1001u);
    run_until(t.clock, t.pit, ns_per_second);
    VMFT_EXPECT(t.line.up);
    VMFT_EXPECT_EQUAL(t.line.rises, 1u);
    VMFT_EXPECT_EQUAL(t.pit.deadline_ns(), no_deadline_ns);
    t.program(0, 0, 10);
    VMFT_EXPECT(!t.line.up);
    run_until(t.clock, t.pit, 2 * ns_per_second);
    VMFT_EXPECT_EQUAL(t.line.rises, 2u);
}

VMFT_TEST(pit_mode_4_strobe) {
    Timer t;
    t.program(0, 4, 50);
    unsigned before = t.line.rises;
    run_until(t.clock, t.pit, ns_per_second);
    VMFT_EXPECT_EQUAL(t.line.rises, before + 1);
    VMFT_EXPECT_EQUAL(t.pit.deadline_ns(), no_deadline_ns);
}

VMFT_TEST(pit_mode_3_square_wave) {
    Timer t;
    t.program(2, 3, 10);
    t.gate.write(0, 1, 1);
    t.to_tick(1);
    for (unsigned tick = 1; tick < 60; tick++) {
        t.to_tick(tick);
        VMFT_EXPECT_EQUAL((t.gate.read(0, 1) >> 5 & 1) == 1, (tick - 1) % 10 < 5);
    }
    t.program(0, 3, 0);  // 65536
    unsigned before = t.line.rises;
    run_until(t.clock, t.pit, t.clock.now + 10 * ns_per_second);
    VMFT_EXPECT_EQUAL(t.line.rises - before, 10 * layout::pit_hz / 65536);
}

VMFT_TEST(pit_speaker_gate_starts_and_stops_channel_2) {
    Timer t;
    t.gate.write(0, 1, 0);
    t.program(2, 0, 1000);
    t.to_tick(500);
    VMFT_EXPECT_EQUAL(t.count(2), 1000u);  // the gate is down
    t.gate.write(0, 1, 1);
    t.to_tick(700);
    VMFT_EXPECT_EQUAL(t.count(2), 800u);
    t.gate.write(0, 1, 2);
    t.to_tick(900);
    VMFT_EXPECT_EQUAL(t.count(2), 800u);
    t.gate.write(0, 1, 1);
    t.to_tick(1699);
    VMFT_EXPECT_EQUAL(t.gate.read(0, 1) & 0x21, 0x01u);
    t.to_tick(1700);
    VMFT_EXPECT_EQUAL(t.gate.read(0, 1) & 0x21, 0x21u);
    t.to_tick(1701);
    VMFT_EXPECT_EQUAL(t.count(2), 0xFFFFu);
}

VMFT_TEST(pit_mode_1_is_triggered_by_the_gate) {
    Timer t;
    t.program(2, 1, 100);
    VMFT_EXPECT(t.pit.speaker_output());
    t.gate.write(0, 1, 1);
    t.to_tick(50);
    VMFT_EXPECT(!t.pit.speaker_output());
    t.gate.write(0, 1, 0);
    t.gate.write(0, 1, 1);  // again: starts over
    t.to_tick(140);
    VMFT_EXPECT(!t.pit.speaker_output());
    t.to_tick(152);
    VMFT_EXPECT(t.pit.speaker_output());
}

VMFT_TEST(pit_bcd_latch_and_byte_access) {
    Timer t;
    t.program(0, 2, 0x1234, true);
    t.to_tick(35);
    VMFT_EXPECT_EQUAL(t.count(0), 0x1200u);
    t.pit.write(3, 1, 0x14 | 0x00);  // low byte only, mode 2
    t.pit.write(0, 1, 200);
    t.to_tick(46);
    VMFT_EXPECT_EQUAL(t.pit.read(0, 1), 190u);
    t.pit.write(3, 1, 0xD2);  // read-back: count of channel 0
    t.to_tick(56);
    VMFT_EXPECT_EQUAL(t.pit.read(0, 1), 190u);  // as latched
    VMFT_EXPECT_EQUAL(t.pit.read(0, 1), 180u);
}

VMFT_TEST(pit_state) {
    Timer t, u;
    t.program(0, 2, 5000);
    t.program(2, 0, 700);
    t.gate.write(0, 1, 1);
    t.to_tick(123);
    t.pit.write(0, 1, 10);
    copy_state(t.pit, u.pit);
    copy_state(t.gate, u.gate);
    u.clock.now = t.clock.now;
    t.pit.write(0, 1, 1);
    u.pit.write(0, 1, 1);
    run_until(t.clock, t.pit, ns_per_second);
    run_until(u.clock, u.pit, ns_per_second);
    VMFT_EXPECT(saved(t.pit) == saved(u.pit));
    VMFT_EXPECT_EQUAL(t.count(2), u.count(2));
}

VMFT_TEST(pit_survives_any_guest) {
    FakeClock clock;
    FakeLine line;
    Pit a(clock, line), b(clock, line);
    hammer(clock, a, b, 6, 1, 2);
}
