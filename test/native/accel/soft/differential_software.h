#pragma once

#include "accel/soft/soft_cpu.h"
#include "differential_instance.h"

namespace vmft::differential {

/// No devices, no interrupts.
class NoPlatform final : public Platform {
public:
    u32 port_read(u16, unsigned) override { return 0; }
    void port_write(u16, unsigned, u32) override {}
    u64 mmio_read(u64, unsigned) override { return 0; }
    void mmio_write(u64, unsigned, u64) override {}
    bool msr_read(u32, u64&) override { return false; }
    bool msr_write(u32, u64) override { return false; }
    u8 task_priority() const override { return 0; }
    void set_task_priority(u8) override {}
    bool interrupt_pending() const override { return false; }
    u8 acknowledge_interrupt() override { return 0; }
    u64 tsc() const override { return 0; }
};

/// The software CPU as executor: a small guest in 64-bit mode whose user pages are the regions of
/// differential_instance.h and whose exceptions all end in a HLT at CPL 0 that tells the vector.
///
/// Behind the instruction, wherever it leads, is INT3. The decoder makes one block of both, unless
/// the instruction ends it; and only whole blocks run as host code. So where a translator is tested
/// the INT3 runs too.
class SoftwareCpu {
public:
    /// With after_runs 0 host code runs whatever may be part of a block that is translated.
    explicit SoftwareCpu(const TranslatorOptions& options);

    u8* data() { return memory_.data() + data_ram; }
    u8* stack() { return memory_.data() + stack_ram; }

    Result run(const Instance& instance);

    /// Whether host code would run the instance at after_runs 0: whole in its page, and no branch
    /// into itself.
    static bool runs_translated(const Instance& instance);

private:
    static constexpr u64 tables_ram = 0x1000, system_ram = 0x20000, code_ram = 0x40000,
                         data_ram = 0x50000, stack_ram = 0x60000;

    void map(u64 linear, u64 physical, bool user, bool writable);
    void build_system_pages();
    void write_code(u64 at, const u8* bytes, u64 count);
    void load(const Registers& before);
    Registers store();
    u64 ticks_of(const Instance& instance) const;
    void take_fault(Result& result);
    void take_next(const Instance& instance, Result& result);

    GuestMemory memory_{1 << 20};
    NoPlatform platform_;
    const bool translates_;
    SoftCpu accelerator_;
    u64 next_table_ = tables_ram;
    u64 root_ = 0;
};

}  // namespace vmft::differential
