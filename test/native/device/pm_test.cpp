#include "device/pm.h"

#include "device/frequency.h"
#include "device/reset.h"
#include "fake_machine.h"
#include "machine/layout.h"
#include "test.h"

using namespace vmft;
using namespace vmft::test;

namespace {

struct Pm {
    FakeClock clock;
    FakeLine sci;
    PowerManagement pm{clock, sci};
};

}  // namespace

VMFT_TEST(pm_timer_counts_at_its_rate) {
    Pm t;
    t.clock.now = ns_per_second;
    VMFT_EXPECT_EQUAL(t.pm.read(8, 4), layout::pm_timer_hz);
    VMFT_EXPECT_EQUAL(t.pm.read(9, 1), layout::pm_timer_hz >> 8 & 0xFF);
    t.clock.now = 3000 * ns_per_second;
    VMFT_EXPECT_EQUAL(t.pm.read(8, 4), 3000 * layout::pm_timer_hz & 0xFFFF'FFFF);  // wraps
}

VMFT_TEST(pm_power_button_raises_sci) {
    Pm t;
    t.pm.press_power_button();
    VMFT_EXPECT(!t.sci.up);
    t.pm.write(2, 2, 0xFFFF);
    VMFT_EXPECT_EQUAL(t.pm.read(2, 2), 0x0521u);
    VMFT_EXPECT(t.sci.up);
    VMFT_EXPECT_EQUAL(t.pm.read(0, 2), 0x0100u);
    t.pm.write(0, 2, 0x0100);
    VMFT_EXPECT(!t.sci.up);
}

VMFT_TEST(pm_timer_interrupt) {
    Pm t;
    t.pm.write(2, 2, 1);
    VMFT_EXPECT_EQUAL(ticks_at(t.pm.deadline_ns(), layout::pm_timer_hz), u64{1} << 31);
    VMFT_EXPECT(run_until(t.clock, t.pm, 700 * ns_per_second));
    VMFT_EXPECT(t.sci.up);
    t.pm.write(0, 1, 1);
    VMFT_EXPECT(!t.sci.up);
    VMFT_EXPECT_EQUAL(ticks_at(t.pm.deadline_ns(), layout::pm_timer_hz), u64{2} << 31);
    t.clock.now = 100'000 * ns_per_second;
    t.pm.advance(t.clock.now);
    VMFT_EXPECT(t.sci.up);
}

VMFT_TEST(pm_soft_off) {
    Pm t;
    VMFT_EXPECT_EQUAL(t.pm.read(4, 2), 1u);
    t.pm.write(4, 2, 1 << 10 | 1 << 13);  // another sleep state
    VMFT_EXPECT(!t.pm.power_off_requested());
    t.pm.write(4, 2, layout::sleep_type_s5 << 10);
    VMFT_EXPECT(!t.pm.power_off_requested());
    t.pm.write(4, 2, layout::sleep_type_s5 << 10 | 1 << 13);
    VMFT_EXPECT(t.pm.power_off_requested());
    VMFT_EXPECT_EQUAL(t.pm.read(4, 2), (layout::sleep_type_s5 << 10 | 1));
}

VMFT_TEST(pm_state) {
    Pm t, u;
    t.pm.write(2, 2, 0x101);
    t.pm.press_power_button();
    t.clock.now = 700 * ns_per_second;
    t.pm.read(0, 2);
    copy_state(t.pm, u.pm);
    VMFT_EXPECT_EQUAL(u.pm.deadline_ns(), t.pm.deadline_ns());
}

VMFT_TEST(pm_survives_any_guest) {
    FakeClock clock;
    FakeLine line;
    PowerManagement a(clock, line), b(clock, line);
    hammer(clock, a, b, 14, 4, 6);
}

VMFT_TEST(reset_ports) {
    ResetPorts a, b, c;
    VMFT_EXPECT_EQUAL(a.read(ResetPorts::keyboard_command_offset, 1), 0xFFu);
    a.write(ResetPorts::keyboard_command_offset, 1, 0xAA);
    a.write(ResetPorts::keyboard_data_offset, 1, 0xFE);
    a.write(ResetPorts::control_offset, 1, 0x02);
    VMFT_EXPECT(!a.reset_requested());
    VMFT_EXPECT_EQUAL(a.read(ResetPorts::control_offset, 1), 2u);
    a.write(ResetPorts::control_offset, 1, 0x06);
    VMFT_EXPECT(a.reset_requested());
    b.write(ResetPorts::keyboard_command_offset, 1, 0xFE);
    VMFT_EXPECT(b.reset_requested());
    copy_state(a, c);
    VMFT_EXPECT(c.reset_requested());
}
