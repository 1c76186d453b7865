#include "accel/soft/soft_cpu.h"

#include <cstdio>
#include <type_traits>

#include "accel/soft/flags.h"
#include "accel/soft/mmu.h"
#include "accel/soft/segments.h"
#include "accel/soft/soft.h"

namespace vmft {

using namespace soft;

std::unique_ptr<Accelerator> make_soft_accelerator(GuestMemory& memory, Platform& platform) {
    return std::make_unique<SoftCpu>(memory, platform);
}

std::function<std::unique_ptr<Accelerator>(GuestMemory& memory, Platform& platform)>
soft_accelerator_with(const TranslatorOptions& options) {
    return [options](GuestMemory& memory, Platform& platform) {
        return std::make_unique<SoftCpu>(memory, platform, options);
    };
}

SoftCpu::SoftCpu(GuestMemory& memory, Platform& platform, const TranslatorOptions& options)
    : cpu_(std::make_unique<Cpu>()) {
    Cpu& cpu = *cpu_;
    cpu.memory = &memory;
    cpu.ram = memory.data();
    cpu.page_flags = memory.page_flags();
    cpu.platform = &platform;
    cpu.blocks = &blocks_;
    blocks_.attach(cpu);
    if (options.enabled && Translator::host_fits()) {
        translator_ = std::make_unique<Translator>(cpu, options);
        blocks_.set_translator(translator_.get());
    }
    memory.set_listener(this);
    for (SegmentState& segment : cpu.segments) segment = {0, 0x93, 0xffff, 0};
    cpu.segments[seg_cs].access = 0x9b;
    cpu.tr = {0, 0x8b, 0xffff, 0};
    cpu.ldtr = {0, 0x82, 0xffff, 0};
    cpu.idtr.limit = cpu.gdtr.limit = 0xffff;
    registers_changed();
}

SoftCpu::~SoftCpu() { cpu_->memory->set_listener(nullptr); }

void SoftCpu::registers_changed() {
    cpu_->gpr[reg_zero] = 0;
    tlb_flush(*cpu_);
    refresh_mode(*cpu_);
}

Position SoftCpu::position() const { return {ticks(), cpu_->rip, cpu_->gpr[rcx]}; }

void SoftCpu::set_entry(const EntryState& entry) {
    Cpu& cpu = *cpu_;
    cpu.gdtr = {entry.gdt_base, entry.gdt_limit};
    cpu.idtr = {0, 0};
    for (unsigned i = 0; i < seg_count; i++)
        cpu.segments[i] = {entry.data_selector, 0xc093, 0xffff'ffff, 0};
    cpu.segments[seg_cs] = {entry.code_selector,
                            static_cast<u16>(entry.long_mode ? 0xa09b : 0xc09b), 0xffff'ffff, 0};
    cpu.cr0 = cr0_pe | cr0_et | cr0_ne;
    cpu.rflags = 2;
    set_arithmetic_flags(cpu, 0);
    if (entry.long_mode) {
        cpu.cr0 |= cr0_pg;
        cpu.cr3 = entry.cr3;
        cpu.cr4 = cr4_pae;
        cpu.efer = efer_lme | efer_lma;
    }
    cpu.gpr[rsp] = entry.rsp;
    cpu.gpr[rsi] = entry.rsi;
    cpu.gpr[rbx] = entry.rbx;
    cpu.rip = entry.rip;
    registers_changed();
}

void SoftCpu::flush_caches() { tlb_flush(*cpu_); }

void SoftCpu::dirty_flags_cleared() { tlb_drop_write_shortcuts(*cpu_); }

void SoftCpu::code_page_written(u64 page_index) { blocks_.invalidate_page(page_index); }

namespace {

/// Calls `field` with every register that the guest can observe, in the order of the saved state.
template <typename C, typename Field>
void each_field(C& cpu, Field field) {
    for (unsigned i = 0; i < 16; i++) field(cpu.gpr[i]);
    field(cpu.rip), field(cpu.rflags);
    field(cpu.cr0), field(cpu.cr2), field(cpu.cr3), field(cpu.cr4), field(cpu.efer);
    for (auto& dr : cpu.dr) field(dr);
    field(cpu.dr6), field(cpu.dr7), field(cpu.cpl), field(cpu.halted), field(cpu.interrupt_shadow);
    field(cpu.pending_dr6), field(cpu.shut_down);
    auto segment = [&](auto& state) {
        field(state.selector), field(state.access), field(state.limit), field(state.base);
    };
    for (auto& state : cpu.segments) segment(state);
    segment(cpu.ldtr), segment(cpu.tr);
    field(cpu.gdtr.base), field(cpu.gdtr.limit), field(cpu.idtr.base), field(cpu.idtr.limit);
    for (auto& xmm : cpu.xmm)
        for (auto& byte : xmm.bytes) field(byte);
    for (auto& value : cpu.x87.registers) field(value.mantissa), field(value.sign_exponent);
    field(cpu.x87.control), field(cpu.x87.status), field(cpu.x87.top), field(cpu.x87.valid),
        field(cpu.x87.opcode);
    field(cpu.x87.instruction_pointer), field(cpu.x87.data_pointer);
    field(cpu.x87.instruction_selector), field(cpu.x87.data_selector);
    field(cpu.mxcsr);
    field(cpu.msr_star), field(cpu.msr_lstar), field(cpu.msr_cstar), field(cpu.msr_syscall_mask),
        field(cpu.msr_kernel_gs_base);
    field(cpu.msr_sysenter_cs), field(cpu.msr_sysenter_esp), field(cpu.msr_sysenter_eip);
    field(cpu.msr_tsc_adjust), field(cpu.msr_tsc_aux), field(cpu.msr_pat),
        field(cpu.msr_misc_enable);
    for (auto& mtrr : cpu.msr_mtrr) field(mtrr);
}

}  // namespace

void SoftCpu::save(StateWriter& state) const {
    state.put(ticks_);
    state.put(arithmetic_flags(*cpu_));
    state.put(deliveries_without_retiring_);
    each_field(*cpu_, [&](const auto& value) { state.put(value); });
}

void SoftCpu::restore(StateReader& state) {
    state.get(ticks_);
    set_arithmetic_flags(*cpu_, state.get<u64>());
    state.get(deliveries_without_retiring_);
    each_field(*cpu_, [&]<typename T>(T& value) {
        // The bytes are a peer's: only 0 and 1 may get into a bool.
        if constexpr (std::is_same_v<T, bool>)
            value = state.get<u8>() != 0;
        else
            state.get(value);
    });
    Cpu& cpu = *cpu_;
    bool sane = cpu.cpl <= 3 && cpu.interrupt_shadow <= InterruptShadow::mov_ss &&
                cpu.x87.top < 8 && is_canonical(cpu.cr3 << 8 >> 8);
    if (!sane) state.fail();
    event_ = {};
    run_alone_ = restore_resume_ = false;
    restore_shadow_ = InterruptShadow::none;
    cpu.device_touched = false;
    blocks_.invalidate_all();
    registers_changed();
}

CodeExecution SoftCpu::code_execution() const {
    return translator_ ? CodeExecution::translated : CodeExecution::interpreted;
}

std::string SoftCpu::describe() const {
    const Cpu& cpu = *cpu_;
    static constexpr const char* names[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp",
                                              "rsi", "rdi", "r8",  "r9",  "r10", "r11",
                                              "r12", "r13", "r14", "r15"};
    std::string text;
    char line[128];
    auto add = [&](const char* format, auto... values) {
        std::snprintf(line, sizeof line, format, values...);
        text += line;
    };
    using ull = unsigned long long;
    add("ticks %llu  rip %016llx  rflags %08llx  cpl %u\n", ull{ticks_}, ull{cpu.rip},
        ull{read_rflags(cpu)}, unsigned{cpu.cpl});
    for (unsigned i = 0; i < 16; i++)
        add("%s %016llx%s", names[i], ull{cpu.gpr[i]}, i % 4 == 3 ? "\n" : "  ");
    add("cr0 %08llx  cr2 %016llx  cr3 %010llx  cr4 %08llx  efer %04llx\n", ull{cpu.cr0},
        ull{cpu.cr2}, ull{cpu.cr3}, ull{cpu.cr4}, ull{cpu.efer});
    static constexpr const char* segment_names[seg_count] = {"es", "cs", "ss", "ds", "fs", "gs"};
    for (unsigned i = 0; i < seg_count; i++)
        add("%s %04x base %llx limit %x access %04x\n", segment_names[i],
            unsigned{cpu.segments[i].selector}, ull{cpu.segments[i].base},
            unsigned{cpu.segments[i].limit}, unsigned{cpu.segments[i].access});
    return text;
}

}  // namespace vmft
