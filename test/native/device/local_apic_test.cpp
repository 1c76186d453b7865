#include "device/local_apic.h"

#include "fake_machine.h"
#include "test.h"

using namespace vmft;
using namespace vmft::test;

namespace {

constexpr u64 id = 0x20, tpr = 0x80, ppr = 0xA0, eoi = 0xB0, ldr = 0xD0, dfr = 0xE0, svr = 0xF0,
              esr = 0x280, icr = 0x300, icr_high = 0x310, lvt_timer = 0x320, lvt_lint0 = 0x350,
              lvt_error = 0x370, initial = 0x380, current = 0x390, divide = 0x3E0;

struct Apic {
    FakeClock clock;
    LocalApic apic{clock};
    Apic() { set(svr, 0x1FF); }
    u64 get(u64 offset) { return apic.read(offset, 4); }
    void set(u64 offset, u64 value) { apic.write(offset, 4, value); }
    bool message(u8 vector, bool level = false) {
        return apic.accept_message({.vector = vector, .level = level});
    }
};

struct EndRecorder final : LocalApicListener {
    void end_of_interrupt(u8 vector) override { ended.push_back(vector); }
    void acceptance_changed() override { changes++; }
    std::vector<u8> ended;
    int changes = 0;
};

}  // namespace

VMFT_TEST(local_apic_priorities) {
    Apic t;
    VMFT_EXPECT(t.message(0x41) && t.message(0x62) && t.message(0x45));
    VMFT_EXPECT(t.apic.pending());
    VMFT_EXPECT_EQUAL(t.apic.acknowledge(), 0x62);
    VMFT_EXPECT(!t.apic.pending());
    VMFT_EXPECT_EQUAL(t.get(ppr), 0x60u);
    t.set(eoi, 0);
    VMFT_EXPECT_EQUAL(t.apic.acknowledge(), 0x45);
    t.set(eoi, 0);
    t.apic.set_task_priority(4);
    VMFT_EXPECT_EQUAL(t.get(tpr), 0x40u);
    VMFT_EXPECT(!t.apic.pending());
    t.apic.set_task_priority(3);
    VMFT_EXPECT(t.apic.pending());
    VMFT_EXPECT_EQUAL(t.apic.acknowledge(), 0x41);
    VMFT_EXPECT_EQUAL(t.apic.acknowledge(), 0xFF);  // spurious
}

VMFT_TEST(local_apic_end_of_level_interrupt_is_told) {
    Apic t;
    EndRecorder ends;
    t.apic.set_listener(ends);
    t.message(0x50, true);
    t.message(0x60, false);
    VMFT_EXPECT_EQUAL(t.get(0x180 + 0x20), 1u << 16);  // TMR 0x50
    t.apic.acknowledge();
    t.set(eoi, 0);
    t.apic.acknowledge();
    t.set(eoi, 0);
    t.set(eoi, 0);
    VMFT_EXPECT(ends.ended == std::vector<u8>{0x50});
}

VMFT_TEST(local_apic_base_transitions) {
    FakeClock clock;
    LocalApic apic(clock);
    u64 value = 0;
    VMFT_EXPECT(apic.msr_read(0x1B, value));
    VMFT_EXPECT_EQUAL(value, 0xFEE0'0900u);
    VMFT_EXPECT(!apic.msr_write(0x1B, 0xFEE0'0500));  // x2APIC without enable
    VMFT_EXPECT(!apic.msr_write(0x1B, 0xFED0'0900));  // moved
    VMFT_EXPECT(!apic.msr_write(0x1B, 0xFEE0'0901));  // reserved
    VMFT_EXPECT(!apic.msr_read(0x802, value));        // not in x2APIC mode
    VMFT_EXPECT(apic.msr_write(0x1B, 0xFEE0'0D00));
    VMFT_EXPECT(!apic.msr_write(0x1B, 0xFEE0'0900));      // x2APIC to xAPIC
    VMFT_EXPECT_EQUAL(apic.read(0x30, 4), 0xFFFF'FFFFu);  // no page any more
    VMFT_EXPECT(apic.msr_read(0x803, value) && value == 0x5'0014);
    VMFT_EXPECT(apic.msr_read(0x802, value) && value == 0);
    VMFT_EXPECT(apic.msr_read(0x80D, value) && value == 1);
    VMFT_EXPECT(apic.msr_write(0x1B, 0xFEE0'0100));
    VMFT_EXPECT(!apic.msr_write(0x1B, 0xFEE0'0D00));  // disabled to x2APIC
    VMFT_EXPECT(apic.passes_external());              // disabled: the 8259 is wired through
    VMFT_EXPECT(apic.msr_write(0x1B, 0xFEE0'0900));
    VMFT_EXPECT_EQUAL(apic.read(lvt_lint0, 4), 0x1'0000u);  // power-up state
    VMFT_EXPECT(!apic.passes_external());
}

VMFT_TEST(local_apic_x2apic_registers_fault) {
    FakeClock clock;
    LocalApic apic(clock);
    apic.msr_write(0x1B, 0xFEE0'0D00);
    u64 value = 0;
    for (u32 msr : {0x80Eu, 0x82Fu, 0x831u, 0x83Fu, 0x800u, 0x840u, 0x8FFu})
        VMFT_EXPECT(!apic.msr_read(msr, value));
    for (u32 msr : {0x802u, 0x803u, 0x80Au, 0x80Du, 0x810u, 0x827u, 0x839u, 0x831u})
        VMFT_EXPECT(!apic.msr_write(msr, 0));
    VMFT_EXPECT(!apic.msr_write(0x808, 0x100));
    VMFT_EXPECT(!apic.msr_write(0x80B, 1));
    VMFT_EXPECT(!apic.msr_write(0x828, 1));
    VMFT_EXPECT(apic.msr_write(0x80F, 0x1FF));
    VMFT_EXPECT(apic.msr_write(0x83F, 0x77));  // self IPI
    VMFT_EXPECT(apic.pending());
    VMFT_EXPECT_EQUAL(apic.acknowledge(), 0x77);
    VMFT_EXPECT(apic.msr_write(0x80B, 0));
    VMFT_EXPECT(apic.msr_write(0x830, u64{1} << 32 | 1 << 11 | 0x78));  // logical, cluster 0 bit 0
    VMFT_EXPECT_EQUAL(apic.acknowledge(), 0x78);
    VMFT_EXPECT(apic.msr_read(0x830, value) && value == (u64{1} << 32 | 1 << 11 | 0x78));
}

VMFT_TEST(local_apic_interprocessor_interrupts) {
    Apic t;
    t.set(icr, 1u << 18 | 0x81);
    VMFT_EXPECT_EQUAL(t.apic.acknowledge(), 0x81);
    t.set(eoi, 0);
    t.set(icr, 2u << 18 | 0x82);
    VMFT_EXPECT_EQUAL(t.apic.acknowledge(), 0x82);
    t.set(eoi, 0);
    t.set(icr, 3u << 18 | 0x83);  // all but self
    VMFT_EXPECT(!t.apic.pending());
    t.set(icr_high, 1u << 24);
    t.set(icr, 0x84);  // to APIC 1
    VMFT_EXPECT(!t.apic.pending());
    t.set(ldr, 0x04u << 24);
    t.set(dfr, 0xFFFF'FFFF);
    t.set(icr_high, 0x0Cu << 24);
    t.set(icr, 1u << 11 | 0x85);
    VMFT_EXPECT_EQUAL(t.apic.acknowledge(), 0x85);
    t.set(eoi, 0);
    t.set(icr, 1u << 18 | 5);  // illegal vector
    VMFT_EXPECT_EQUAL(t.get(esr), 0u);
    t.set(esr, 0);
    VMFT_EXPECT_EQUAL(t.get(esr), 0x20u);
    t.set(esr, 0);
    VMFT_EXPECT_EQUAL(t.get(esr), 0u);
}

VMFT_TEST(local_apic_error_interrupt_does_not_recurse) {
    Apic t;
    t.set(lvt_error, 3);  // itself illegal
    t.message(7);
    t.set(esr, 0);
    VMFT_EXPECT_EQUAL(t.get(esr), 0x40u);
    t.set(lvt_error, 0xE0);
    t.message(7);
    VMFT_EXPECT_EQUAL(t.apic.acknowledge(), 0xE0);
}

VMFT_TEST(local_apic_timer_one_shot_and_current_count) {
    Apic t;
    t.set(divide, 0xB);  // by 1
    t.set(lvt_timer, 0x40);
    t.clock.now = 1000;
    t.set(initial, 500);
    VMFT_EXPECT_EQUAL(t.apic.deadline_ns(), 1500u);
    t.clock.now = 1200;
    VMFT_EXPECT_EQUAL(t.get(current), 300u);
    t.set(divide, 0x0);  // by 2: 300 counts left take 600 ns
    VMFT_EXPECT_EQUAL(t.apic.deadline_ns(), 1800u);
    VMFT_EXPECT(run_until(t.clock, t.apic, 5000));
    VMFT_EXPECT_EQUAL(t.apic.acknowledge(), 0x40);
    VMFT_EXPECT_EQUAL(t.get(current), 0u);
    VMFT_EXPECT_EQUAL(t.apic.deadline_ns(), no_deadline_ns);
}

VMFT_TEST(local_apic_timer_periodic_keeps_its_phase) {
    Apic t;
    t.set(divide, 0xB);
    t.set(lvt_timer, 0x2'0040);
    t.clock.now = 7;
    t.set(initial, 1000);
    t.clock.now = 1'000'000'000'500;  // a long jump: one tick, phase kept
    t.apic.advance(t.clock.now);
    VMFT_EXPECT(t.apic.pending());
    VMFT_EXPECT_EQUAL(t.apic.acknowledge(), 0x40);
    t.set(eoi, 0);
    VMFT_EXPECT(!t.apic.pending());
    VMFT_EXPECT_EQUAL(t.apic.deadline_ns(), 1'000'000'001'007u);
    VMFT_EXPECT_EQUAL(t.get(current), 507u);
    t.set(initial, 0);
    VMFT_EXPECT_EQUAL(t.apic.deadline_ns(), no_deadline_ns);
}

VMFT_TEST(local_apic_tsc_deadline) {
    Apic t;
    u64 value = 1;
    VMFT_EXPECT(t.apic.msr_write(0x6E0, 5000));  // ignored: another mode
    VMFT_EXPECT(t.apic.msr_read(0x6E0, value) && value == 0);
    t.set(lvt_timer, 0x4'0050);
    t.set(initial, 100);  // ignored
    VMFT_EXPECT_EQUAL(t.apic.deadline_ns(), no_deadline_ns);
    t.apic.msr_write(0x6E0, 5000);
    VMFT_EXPECT_EQUAL(t.apic.deadline_ns(), 5000u);
    run_until(t.clock, t.apic, 6000);
    VMFT_EXPECT_EQUAL(t.apic.acknowledge(), 0x50);
    VMFT_EXPECT(t.apic.msr_read(0x6E0, value) && value == 0);
    t.apic.msr_write(0x6E0, 9000);
    t.set(lvt_timer, 0x0'0050);  // leaving the mode disarms
    VMFT_EXPECT_EQUAL(t.apic.deadline_ns(), no_deadline_ns);
}

VMFT_TEST(local_apic_software_disable_masks) {
    Apic t;
    t.set(lvt_timer, 0x40);
    t.set(svr, 0xFF);
    VMFT_EXPECT_EQUAL(t.get(lvt_timer), 0x1'0040u);
    VMFT_EXPECT(!t.message(0x33));
    t.set(lvt_timer, 0x41);
    VMFT_EXPECT_EQUAL(t.get(lvt_timer), 0x1'0041u);
}

VMFT_TEST(local_apic_lint0_fixed_level) {
    Apic t;
    t.set(lvt_lint0, 1u << 15 | 0x66);
    t.apic.set_lint0(true);
    VMFT_EXPECT_EQUAL(t.get(lvt_lint0), (1u << 15 | 1u << 14 | 0x66));
    VMFT_EXPECT_EQUAL(t.apic.acknowledge(), 0x66);
    t.set(eoi, 0);
    VMFT_EXPECT(t.apic.pending());  // still up
    t.apic.set_lint0(false);
    t.apic.acknowledge();
    t.set(eoi, 0);
    VMFT_EXPECT(!t.apic.pending());
}

VMFT_TEST(local_apic_state) {
    Apic t, u;
    t.set(divide, 0x3);
    t.set(lvt_timer, 0x2'0040);
    t.set(initial, 12345);
    t.message(0x55, true);
    t.message(0x75);
    t.apic.acknowledge();
    t.set(ldr, 0x0100'0000);
    copy_state(t.apic, u.apic);
    VMFT_EXPECT_EQUAL(u.apic.deadline_ns(), t.apic.deadline_ns());
    u.set(eoi, 0);
    VMFT_EXPECT_EQUAL(u.apic.acknowledge(), 0x55);
}

VMFT_TEST(local_apic_survives_any_guest) {
    FakeClock clock;
    LocalApic a(clock), b(clock);
    hammer(clock, a, b, 0x1100, 8, 1);
    Sequence random(3);
    LocalApic c(clock);
    for (int i = 0; i < 50'000; i++) {
        u32 msr = random.below(20) == 0   ? 0x1B
                  : random.below(20) == 0 ? 0x6E0
                                          : 0x800 + static_cast<u32>(random.below(0x100));
        u64 value = random.below(2)   ? random.next()
                    : random.below(2) ? 0xFEE0'0000 | random.below(0x1000)
                                      : random.below(0x200);
        c.msr_write(msr, value);
        c.msr_read(msr, value);
        if (c.pending()) c.acknowledge();
    }
}
