#include "accel/kvm/msr_exits.h"

#include "test.h"

namespace vmft::kvm {

namespace {

/// Keeps the deadline as written, and one x2APIC register.
class PlatformWithDeadline final : public Platform {
public:
    u64 now = 1000, deadline = 0;

    u32 port_read(u16, unsigned) override { return 0; }
    void port_write(u16, unsigned, u32) override {}
    u64 mmio_read(u64, unsigned) override { return 0; }
    void mmio_write(u64, unsigned, u64) override {}
    bool msr_read(u32 msr, u64& value) override {
        if (msr != msr_number::tsc_deadline) return false;
        value = deadline;
        return true;
    }
    bool msr_write(u32 msr, u64 value) override {
        if (msr != msr_number::tsc_deadline) return false;
        deadline = value;
        return true;
    }
    u8 task_priority() const override { return 0; }
    void set_task_priority(u8) override {}
    bool interrupt_pending() const override { return false; }
    u8 acknowledge_interrupt() override { return 0; }
    u64 tsc() const override { return now; }
};

}  // namespace

VMFT_TEST(the_tsc_is_the_platforms_and_the_adjustment) {
    PlatformWithDeadline platform;
    MsrExits msrs;
    u64 value = 0;
    VMFT_EXPECT(msrs.read(platform, msr_number::tsc, value) && value == 1000);
    VMFT_EXPECT(msrs.write(platform, msr_number::tsc, 5000));
    platform.now = 1010;
    VMFT_EXPECT(msrs.read(platform, msr_number::tsc, value) && value == 5010);
    VMFT_EXPECT(msrs.read(platform, msr_number::tsc_adjust, value) && value == 4000);
    VMFT_EXPECT(msrs.write(platform, msr_number::tsc_deadline, 6000));
    VMFT_EXPECT_EQUAL(platform.deadline, 2000u);
    VMFT_EXPECT(msrs.read(platform, msr_number::tsc_deadline, value) && value == 6000);
}

VMFT_TEST(memory_types_are_kept_and_checked) {
    PlatformWithDeadline platform;
    MsrExits msrs;
    u64 value = 0;
    VMFT_EXPECT(msrs.read(platform, msr_number::pat, value) && value == pat_at_reset);
    VMFT_EXPECT(!msrs.write(platform, msr_number::pat, 2));
    VMFT_EXPECT(msrs.write(platform, msr_number::pat, 0x0606'0606'0606'0606));
    VMFT_EXPECT(msrs.write(platform, 0x2ff, 0xc06) && msrs.read(platform, 0x2ff, value));
    VMFT_EXPECT_EQUAL(value, 0xc06u);
    VMFT_EXPECT(msrs.write(platform, 0x20f, 7) && msrs.read(platform, 0x20f, value) && value == 7);
    VMFT_EXPECT(!msrs.read(platform, 0x210, value));
}

VMFT_TEST(absent_features_have_no_registers) {
    PlatformWithDeadline platform;
    MsrExits msrs;
    u64 value = 0;
    // TSC_AUX, SPEC_CTRL, ARCH_CAPABILITIES, AMD's performance counters, kvmclock, VM_CR
    for (u32 msr :
         {0xc000'0103u, 0x48u, 0x10au, 0xc001'0000u, 0xc001'0200u, 0x4b56'4d01u, 0xc001'0114u}) {
        VMFT_EXPECT(!msrs.read(platform, msr, value));
        VMFT_EXPECT(!msrs.write(platform, msr, 0));
    }
    VMFT_EXPECT(msrs.read(platform, 0xc001'1029, value) && value == 2);
    VMFT_EXPECT(msrs.write(platform, 0xc001'1029, 2) && !msrs.write(platform, 0xc001'1029, 4));
    VMFT_EXPECT(!msrs.write(platform, 0xc001'0015, u64{1} << 30));
}

VMFT_TEST(msrs_are_saved_and_restored) {
    PlatformWithDeadline platform;
    MsrExits msrs, other;
    msrs.write(platform, msr_number::tsc, 77);
    msrs.write(platform, 0x200, 6);
    msrs.write(platform, 0xc001'0015, 1 << 18);
    StateWriter state;
    msrs.save(state);
    StateReader reader(state.bytes());
    other.restore(reader);
    VMFT_EXPECT(reader.ok() && reader.bytes_left() == 0);
    StateWriter again;
    other.save(again);
    VMFT_EXPECT(state.bytes() == again.bytes());
    StateReader torn({state.bytes().data(), 20});
    other.restore(torn);
    VMFT_EXPECT(!torn.ok());
}

}  // namespace vmft::kvm
