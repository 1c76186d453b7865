#include "device/interrupt_controllers.h"

#include "fake_machine.h"
#include "test.h"

using namespace vmft;
using namespace vmft::test;

namespace {

struct Controllers {
    FakeClock clock;
    InterruptControllers all{clock};

    void pic(u64 offset, u64 value) { all.pic().write(offset, 1, value); }
    /// Master at 0x30, slave at 0x38, everything unmasked.
    void start_pic() {
        for (u64 chip : {u64{0}, u64{2}}) {
            pic(chip, 0x11);
            pic(chip + 1, chip == 0 ? 0x30 : 0x38);
            pic(chip + 1, chip == 0 ? 0x04 : 0x02);
            pic(chip + 1, 0x01);
            pic(chip + 1, 0x00);
        }
    }
    void start_local_apic() { all.local_apic().write(0xF0, 4, 0x1FF); }
    void redirect(unsigned pin, u64 entry) {
        for (unsigned half = 0; half < 2; half++) {
            all.io_apic().write(0x00, 4, 0x10 + pin * 2 + half);
            all.io_apic().write(0x10, 4, entry >> half * 32 & 0xFFFF'FFFF);
        }
    }
    u64 redirection(unsigned pin) {
        all.io_apic().write(0x00, 4, 0x10 + pin * 2);
        return all.io_apic().read(0x10, 4);
    }
    void end() { all.local_apic().write(0xB0, 4, 0); }
};

constexpr u64 level = 1u << 15, masked = 1u << 16, remote_irr = 1u << 14;

}  // namespace

VMFT_TEST(controllers_pic_through_lint0) {
    Controllers t;
    t.start_pic();
    VMFT_EXPECT(!t.all.pending());
    t.all.line(2).set(true);  // GSI 2 is the timer: input 0
    VMFT_EXPECT(t.all.pending());
    VMFT_EXPECT_EQUAL(t.all.acknowledge(), 0x30);
    VMFT_EXPECT(!t.all.pending());
    t.all.line(2).set(false);
    t.all.line(8).set(true);  // blocked: input 0 is in service
    VMFT_EXPECT(!t.all.pending());
    t.pic(0, 0x20);
    VMFT_EXPECT_EQUAL(t.all.acknowledge(), 0x38);
    // LINT0 masked: nothing gets through.
    t.pic(2, 0x20);
    t.pic(0, 0x20);
    t.start_local_apic();
    t.all.local_apic().write(0x350, 4, 0x1'0700);
    t.all.line(4).set(true);
    VMFT_EXPECT(t.all.pic().interrupt_requested());
    VMFT_EXPECT(!t.all.pending());
}

VMFT_TEST(controllers_local_apic_goes_first) {
    Controllers t;
    t.start_pic();
    t.start_local_apic();
    t.all.local_apic().write(0x350, 4, 0x700);
    t.redirect(4, 0x44);
    t.all.line(4).set(true);
    VMFT_EXPECT_EQUAL(t.all.acknowledge(), 0x44);
    VMFT_EXPECT(t.all.pending());  // the 8259's, which no task priority holds back
    VMFT_EXPECT_EQUAL(t.all.acknowledge(), 0x34);
}

VMFT_TEST(io_apic_level_interrupt_cycle) {
    Controllers t;
    t.start_local_apic();
    t.redirect(16, level | 0x51);
    t.all.line(16).set(true);
    VMFT_EXPECT_EQUAL(t.redirection(16), (level | remote_irr | 0x51));
    VMFT_EXPECT_EQUAL(t.all.acknowledge(), 0x51);
    VMFT_EXPECT(!t.all.pending());
    t.end();
    VMFT_EXPECT(t.all.pending());  // the device still asks
    t.all.acknowledge();
    t.all.line(16).set(false);
    t.end();
    VMFT_EXPECT(!t.all.pending());
    VMFT_EXPECT_EQUAL(t.redirection(16), (level | 0x51));
}

VMFT_TEST(io_apic_masks_and_edges) {
    Controllers t;
    t.start_local_apic();
    t.redirect(5, masked | 0x61);
    t.all.line(5).set(true);
    t.redirect(5, 0x61);
    VMFT_EXPECT(!t.all.pending());  // an edge on a masked pin is lost
    t.all.line(5).set(false);
    t.all.line(5).set(true);
    VMFT_EXPECT_EQUAL(t.all.acknowledge(), 0x61);
    t.end();
    t.redirect(17, level | masked | 0x62);
    t.all.line(17).set(true);
    VMFT_EXPECT(!t.all.pending());
    t.redirect(17, level | 0x62);  // a level is not
    VMFT_EXPECT_EQUAL(t.all.acknowledge(), 0x62);
}

VMFT_TEST(io_apic_destinations) {
    Controllers t;
    t.start_local_apic();
    t.redirect(18, u64{3} << 56 | level | 0x71);  // nobody
    t.all.line(18).set(true);
    VMFT_EXPECT(!t.all.pending());
    VMFT_EXPECT_EQUAL(t.redirection(18) & remote_irr, 0u);
    t.redirect(18,
               u64{0x02} << 56 | 1 << 11 | level | 0x71);  // logical, but no such logical id yet
    VMFT_EXPECT(!t.all.pending());
    t.all.local_apic().write(0xD0, 4, 0x0200'0000);
    VMFT_EXPECT(t.all.pending());  // offered again
    t.all.acknowledge();
    t.end();
    t.redirect(18, u64{0xFF} << 56 | level | 0x71);  // broadcast
    VMFT_EXPECT(t.all.pending());
}

VMFT_TEST(io_apic_registers) {
    Controllers t;
    t.all.io_apic().write(0, 4, 1);
    VMFT_EXPECT_EQUAL(t.all.io_apic().read(0x10, 4), 0x17'0020u);
    t.all.io_apic().write(0, 4, 0x40);  // behind the last entry
    VMFT_EXPECT_EQUAL(t.all.io_apic().read(0x10, 4), 0xFFFF'FFFFu);
    t.redirect(3, ~u64{0});
    VMFT_EXPECT_EQUAL(t.redirection(3), 0x1'AFFFu);
    // The EOI register ends a level interrupt without the local APIC.
    t.start_local_apic();
    t.redirect(19, level | 0x45);
    t.all.line(19).set(true);
    t.all.line(19).set(false);
    t.all.io_apic().write(0x40, 4, 0x45);
    VMFT_EXPECT_EQUAL(t.redirection(19) & remote_irr, 0u);
}

VMFT_TEST(pic_priorities_rotation_and_special_mask) {
    Controllers t;
    t.start_pic();
    t.all.line(3).set(true);
    t.all.line(5).set(true);
    VMFT_EXPECT_EQUAL(t.all.acknowledge(), 0x33);
    t.pic(0, 0xA0);  // rotate on non-specific EOI: 3 is now last
    t.all.line(3).set(false);
    t.all.line(3).set(true);
    VMFT_EXPECT_EQUAL(t.all.acknowledge(), 0x35);
    t.pic(0, 0x65);  // specific EOI
    VMFT_EXPECT_EQUAL(t.all.acknowledge(), 0x33);
    // Special mask mode: with 3 masked, lower inputs interrupt although 3 is in service.
    t.all.line(7).set(true);
    t.pic(0, 0xC7);  // 7 is last again
    VMFT_EXPECT(!t.all.pending());
    t.pic(1, 0x08);
    t.pic(0, 0x68);
    VMFT_EXPECT(t.all.pending());
    VMFT_EXPECT_EQUAL(t.all.acknowledge(), 0x37);
}

VMFT_TEST(pic_spurious_poll_and_registers) {
    Controllers t;
    t.start_pic();
    t.all.line(4).set(true);
    t.all.line(4).set(false);
    VMFT_EXPECT(!t.all.pending());
    VMFT_EXPECT_EQUAL(t.all.pic().acknowledge(), 0x37);  // the request has gone
    t.pic(0, 0x0B);
    VMFT_EXPECT_EQUAL(t.all.pic().read(0, 1), 0u);  // and left nothing in service
    t.all.line(9).set(true);
    t.pic(0, 0x0A);
    VMFT_EXPECT_EQUAL(t.all.pic().read(0, 1), 0x04u);
    t.pic(2, 0x0C);
    VMFT_EXPECT_EQUAL(t.all.pic().read(2, 1), 0x81u);
    t.pic(2, 0x0C);
    VMFT_EXPECT_EQUAL(t.all.pic().read(2, 1), 0u);
    t.pic(1, 0xA5);
    VMFT_EXPECT_EQUAL(t.all.pic().read(1, 1), 0xA5u);
}

VMFT_TEST(pic_level_and_automatic_end) {
    Controllers t;
    t.start_pic();
    t.pic(4, 0xFF);
    t.pic(5, 0xFF);
    VMFT_EXPECT_EQUAL(t.all.pic().read(4, 1), 0xF8u);
    VMFT_EXPECT_EQUAL(t.all.pic().read(5, 1), 0xDEu);
    t.all.line(9).set(true);
    VMFT_EXPECT_EQUAL(t.all.acknowledge(), 0x39);
    t.pic(2, 0x20);
    t.pic(0, 0x20);
    VMFT_EXPECT(t.all.pending());  // level: asks again
    t.all.line(9).set(false);
    VMFT_EXPECT(!t.all.pending());
    t.pic(0, 0x11);
    t.pic(1, 0x40);
    t.pic(1, 0x04);
    t.pic(1, 0x03);  // automatic EOI
    t.all.line(3).set(true);
    VMFT_EXPECT_EQUAL(t.all.acknowledge(), 0x43);
    t.pic(0, 0x0B);
    VMFT_EXPECT_EQUAL(t.all.pic().read(0, 1), 0u);
}

VMFT_TEST(controllers_state) {
    Controllers t, u;
    t.start_pic();
    t.start_local_apic();
    t.redirect(16, level | 0x51);
    t.all.line(16).set(true);
    t.all.line(10).set(true);
    t.all.line(2).set(true);
    copy_state(t.all, u.all);
    VMFT_EXPECT(u.all.pending());
    VMFT_EXPECT_EQUAL(u.all.acknowledge(), 0x51);
    u.end();
    VMFT_EXPECT(u.all.pending());
    VMFT_EXPECT_EQUAL(t.all.acknowledge(), 0x51);
    t.end();
    VMFT_EXPECT(saved(t.all) == saved(u.all));
}

VMFT_TEST(controllers_survive_any_guest) {
    Controllers t, u;
    Sequence random(11);
    for (int i = 0; i < 100'000; i++) {
        u64 value = random.below(3) ? random.below(256) : random.next();
        u64 port = random.below(6), offset = random.below(0x44), apic = random.below(0x40) * 16;
        unsigned gsi = static_cast<unsigned>(random.below(24));
        bool up = random.below(2);
        u64 what = random.below(6);
        for (Controllers* one : {&t, &u}) {
            switch (what) {
            case 0: one->pic(port, value); break;
            case 1: one->all.pic().read(port, 1); break;
            case 2: one->all.io_apic().write(offset, 4, value); break;
            case 3: one->all.local_apic().write(apic, 4, value | (apic == 0xF0 ? 0x100 : 0)); break;
            case 4: one->all.line(gsi).set(up); break;
            default:
                if (one->all.pending()) one->all.acknowledge();
                break;
            }
        }
    }
    VMFT_EXPECT(saved(t.all) == saved(u.all));
    std::vector<u8> bytes = saved(t.all);
    for (int i = 0; i < 2000; i++) {
        std::vector<u8> broken = bytes;
        broken[random.below(broken.size())] ^= 1u << random.below(8);
        StateReader state(broken);
        u.all.restore(state);
        u.all.line(static_cast<unsigned>(random.below(24))).set(random.below(2));
        u.all.acknowledge();
    }
}
