#pragma once

#include <array>

#include "device/apic_timer.h"
#include "device/device.h"
#include "device/interrupt_message.h"

namespace vmft {

/// The local APIC of the only CPU, APIC id 0 (SDM 3A chapter 11): xAPIC by its MMIO page,
/// x2APIC by MSRs 0x800 … 0x8FF, and the MSRs IA32_APIC_BASE and IA32_TSC_DEADLINE.
///
/// It starts as firmware leaves it: enabled in xAPIC mode, software-disabled, LINT0 passing
/// the 8259's interrupts (ExtINT), LINT1 NMI. NMI, SMI, INIT and start-up messages have no effect.
class LocalApic final : public Device, public InterruptMessageTarget {
public:
    explicit LocalApic(const VirtualClock& clock);

    /// Must be called once, before the guest runs.
    void set_listener(LocalApicListener& listener) { listener_ = &listener; }

    /// The MMIO page. Answers only in xAPIC mode and to aligned 32-bit accesses (an 8-byte write
    /// counts as its low half).
    u64 read(u64 offset, unsigned size_bytes) override;
    void write(u64 offset, unsigned size_bytes, u64 value) override;

    /// IA32_APIC_BASE (0x1B), IA32_TSC_DEADLINE (0x6E0), 0x800 … 0x8FF. False: #GP.
    /// The APIC's page cannot be moved: a write of another base is #GP.
    /// The TSC deadline is in counts *before* IA32_TSC_ADJUST.
    bool msr_read(u32 msr, u64& value);
    bool msr_write(u32 msr, u64 value);

    bool accept_message(const InterruptMessage& message) override;
    /// The 8259's INTR output, wired to LINT0.
    void set_lint0(bool up);

    /// Whether a fixed interrupt waits whose class is above the processor priority.
    bool pending() const { return pending_; }
    /// Whether an interrupt of the 8259 gets through to the CPU: by ExtINT on LINT0, or because the
    /// APIC is off.
    bool passes_external() const { return passes_external_; }
    /// Moves the highest waiting vector from IRR to ISR. Without one: the spurious vector.
    u8 acknowledge();

    /// CR8: bits 7:4 of the task priority.
    u8 task_priority() const { return task_priority_ >> 4; }
    void set_task_priority(u8 priority);

    u64 deadline_ns() const override { return timer_.deadline_ns(); }
    void advance(u64 now_ns) override;
    void save(StateWriter& state) const override;
    void restore(StateReader& state) override;

    /// Accesses to registers that do not exist or in the wrong mode.
    u64 ignored_accesses() const { return ignored_accesses_; }

private:
    using Vectors = std::array<u64, 4>;  // 256 bits
    enum Lvt : unsigned {
        lvt_timer,
        lvt_thermal,
        lvt_performance,
        lvt_lint0,
        lvt_lint1,
        lvt_error
    };
    static constexpr unsigned lvt_entries = 6;

    bool hardware_enabled() const { return apic_base_ & (1u << 11); }
    bool x2apic() const { return apic_base_ & (1u << 10); }
    bool software_enabled() const { return spurious_ & 0x100; }

    void power_up_registers();
    bool write_apic_base(u64 value);
    bool read_register(unsigned index, u32& value) const;
    bool write_register(unsigned index, u32 value);
    void write_lvt(unsigned entry, u32 value);
    void write_spurious(u32 value);
    void send_command(u32 low, u32 destination);
    bool matches(u32 destination, bool logical) const;
    bool accept_vector(u8 vector, bool level);
    void end_of_interrupt();
    void report_error(u32 bit);
    void drive_lint0();
    void recompute();
    u8 processor_priority() const;

    const VirtualClock& clock_;
    LocalApicListener* listener_ = nullptr;

    u32 apic_base_ = 0;
    u32 id_ = 0;
    u8 task_priority_ = 0;
    u32 logical_destination_ = 0;
    u32 destination_format_ = 0;
    u32 spurious_ = 0;
    u32 errors_seen_ = 0;     ///< ESR as the guest reads it: latched by a write.
    u32 errors_pending_ = 0;  ///< Since the last write to ESR.
    u32 command_low_ = 0, command_high_ = 0;
    std::array<u32, lvt_entries> lvt_{};
    Vectors in_service_{}, trigger_level_{}, requested_{};
    bool lint0_up_ = false;
    ApicTimer timer_;
    u64 ignored_accesses_ = 0;

    // Derived, see recompute().
    bool pending_ = false;
    bool passes_external_ = false;
};

}  // namespace vmft
