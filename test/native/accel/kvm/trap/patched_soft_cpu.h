#pragma once

#include "accel/kvm/trap/trap.h"
#include "accel/soft/soft_cpu.h"

namespace vmft::test {

/// The software CPU with its kernel's text patched as under KVM, and the patches answered: what a
/// wrong patch would break shows.
class PatchedSoftCpu final : public Accelerator, private Platform {
public:
    /// What was seen; outlives the accelerator.
    struct Seen {
        u64 scans = 0, scan_ns_max = 0;
        u64 pages_max = 0;  ///< Executable at once.
        u64 patched = 0, left_alone = 0;
        u64 by_kind[4] = {};       ///< Patched instructions executed, by Kind.
        u64 native_in_kernel = 0;  ///< RDTSC that kernel text executed unpatched.
        u64 strangers = 0;         ///< OUT to our ports that no patch of ours made.
        u64 wrong_bytes = 0;       ///< Written by a scan, and no replacement.
    };

    PatchedSoftCpu(GuestMemory& memory, Platform& platform, Seen& seen);

    RunExit run(u64 until_ticks) override;
    u64 ticks() const override { return cpu_.ticks(); }
    Position position() const override { return cpu_.position(); }
    bool halted() const override { return cpu_.halted(); }
    void set_entry(const EntryState& entry) override { cpu_.set_entry(entry); }
    void flush_caches() override { cpu_.flush_caches(); }
    void dirty_flags_cleared() override { cpu_.dirty_flags_cleared(); }
    void save(StateWriter& state) const override { cpu_.save(state); }
    void restore(StateReader& state) override { cpu_.restore(state); }
    std::string describe() const override { return cpu_.describe(); }

private:
    u32 port_read(u16 port, unsigned size_bytes) override {
        device_used_ = true;
        return platform_.port_read(port, size_bytes);
    }
    void port_write(u16 port, unsigned size_bytes, u32 value) override;
    u64 mmio_read(u64 address, unsigned size_bytes) override {
        device_used_ = true;
        return platform_.mmio_read(address, size_bytes);
    }
    void mmio_write(u64 address, unsigned size_bytes, u64 value) override {
        device_used_ = true;
        platform_.mmio_write(address, size_bytes, value);
    }
    bool msr_read(u32 msr, u64& value) override { return platform_.msr_read(msr, value); }
    bool msr_write(u32 msr, u64 value) override { return platform_.msr_write(msr, value); }
    u8 task_priority() const override { return platform_.task_priority(); }
    void set_task_priority(u8 priority) override { platform_.set_task_priority(priority); }
    bool interrupt_pending() const override { return platform_.interrupt_pending(); }
    u8 acknowledge_interrupt() override { return platform_.acknowledge_interrupt(); }
    u64 tsc() const override;

    void scan();
    void check_writes(const std::vector<kvm::TextPage>& text, const std::vector<u8>& before);

    GuestMemory& memory_;
    Platform& platform_;
    Seen& seen_;
    mutable SoftCpu cpu_;  // Its registers are only reachable through what is not const.
    kvm::KernelTraps traps_;
    u64 next_scan_ns_ = 0;
    bool device_used_ = false;  ///< By port or memory: what exits to user space under KVM.
};

/// As KVM would tell them: what paging and descriptor tables need.
kvm_sregs system_registers_of(soft::Cpu& cpu);
kvm_regs registers_of(const soft::Cpu& cpu);

}  // namespace vmft::test
