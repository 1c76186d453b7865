#include "differential_software.h"

#include <cstring>

#include "accel/soft/decode.h"
#include "accel/soft/flags.h"
#include "accel/soft/segments.h"

namespace vmft::differential {
namespace {

// The guest's own pages, in the kernel's half: GDT and TSS, IDT, handlers, stack.
constexpr u64 system_linear = 0xffff'ffff'8000'0000;
constexpr u64 gdt_page = 0, idt_page = 1, handler_page = 2, stack_page = 3;
constexpr u64 tss_offset = 0x100;
constexpr u64 stack_top = system_linear + (stack_page + 1) * page_bytes;
constexpr u16 kernel_code_selector = 0x10, tss_selector = 0x40;
constexpr u64 handler_stride = 8;
constexpr u8 halt = 0xf4, breakpoint = 0xcc;
constexpr unsigned steps_max = 400;  ///< For a REP instruction run to its end.

template <typename T>
T get(const u8* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}
template <typename T>
void put(u8* at, T value) {
    std::memcpy(at, &value, sizeof value);
}

}  // namespace

SoftwareCpu::SoftwareCpu(const TranslatorOptions& options)
    : translates_(options.enabled && options.after_runs == 0),
      accelerator_(memory_, platform_, options) {
    root_ = next_table_;
    next_table_ += page_bytes;
    for (u64 page = 0; page < 4; page++)
        map(system_linear + page * page_bytes, system_ram + page * page_bytes, false, true);
    map(code_start, code_ram, true, false);
    for (u64 at = 0; at < data_bytes; at += page_bytes)
        map(data_start + at, data_ram + at, true, at < data_writable);
    for (u64 at = 0; at < stack_bytes; at += page_bytes)
        map(stack_start + at, stack_ram + at, true, true);
    std::memset(memory_.data() + code_ram, breakpoint, code_bytes);
    build_system_pages();

    soft::Cpu& cpu = accelerator_.cpu();
    cpu.cr0 =
        soft::cr0_pe | soft::cr0_mp | soft::cr0_et | soft::cr0_ne | soft::cr0_wp | soft::cr0_pg;
    cpu.cr3 = root_;
    cpu.cr4 = soft::cr4_pae | soft::cr4_osfxsr | soft::cr4_osxmmexcpt;
    cpu.efer = soft::efer_sce | soft::efer_lme | soft::efer_lma | soft::efer_nxe;
    cpu.gdtr = {system_linear, 0x4f};
    cpu.idtr = {system_linear + idt_page * page_bytes, 0xfff};
    cpu.ldtr = {};
    cpu.tr = {tss_selector, 0x8b, 103, system_linear + tss_offset};
    accelerator_.registers_changed();
}

void SoftwareCpu::map(u64 linear, u64 physical, bool user, bool writable) {
    u8* ram = memory_.data();
    u64 table = root_;
    for (unsigned shift = 39; shift > page_shift; shift -= 9) {
        u8* entry = ram + table + (linear >> shift & 511) * 8;
        if (!get<u64>(entry)) {
            put<u64>(entry, next_table_ | 7);
            next_table_ += page_bytes;
        }
        table = get<u64>(entry) & ~page_mask;
    }
    put<u64>(ram + table + (linear >> page_shift & 511) * 8,
             physical | 0x61 | (writable ? 2 : 0) | (user ? 4 : 0));
}

void SoftwareCpu::build_system_pages() {
    u8* gdt = memory_.data() + system_ram;
    put<u64>(gdt + kernel_code_selector, 0x00af'9b00'0000'ffff);
    put<u64>(gdt + (user_data_selector & ~7), 0x00cf'f300'0000'ffff);
    put<u64>(gdt + (user_code_selector & ~7), 0x00af'fb00'0000'ffff);
    u64 tss = system_linear + tss_offset;
    put<u64>(gdt + tss_selector,
             103 | (tss & 0xff'ffff) << 16 | u64{0x8b} << 40 | (tss >> 24 & 0xff) << 56);
    put<u64>(gdt + tss_selector + 8, tss >> 32);
    put<u64>(gdt + tss_offset + 4, stack_top);
    put<u16>(gdt + tss_offset + 102, 104);  // no I/O map: every port is refused

    u8* idt = memory_.data() + system_ram + idt_page * page_bytes;
    for (u64 vector = 0; vector < 256; vector++) {
        u64 entry = system_linear + handler_page * page_bytes + vector * handler_stride;
        put<u64>(idt + 16 * vector, (entry & 0xffff) | u64{kernel_code_selector} << 16 |
                                        u64{0x8e} << 40 | (entry >> 16 & 0xffff) << 48);
        put<u64>(idt + 16 * vector + 8, entry >> 32);
    }
    std::memset(memory_.data() + system_ram + handler_page * page_bytes, halt, page_bytes);
}

void SoftwareCpu::write_code(u64 at, const u8* bytes, u64 count) {
    memory_.write(code_ram + at, {bytes, count});
}

void SoftwareCpu::load(const Registers& before) {
    soft::Cpu& cpu = accelerator_.cpu();
    std::memcpy(cpu.gpr, before.gpr, sizeof before.gpr);
    cpu.rip = before.rip;
    cpu.rflags = (before.flags & ~soft::flags_arithmetic) | 2;
    soft::set_arithmetic_flags(cpu, before.flags);
    cpu.halted = false;
    for (soft::SegmentState& segment : cpu.segments) segment = {};
    cpu.segments[soft::seg_cs] = {user_code_selector, 0xa0fb, 0xffff'ffff, 0};
    cpu.segments[soft::seg_ss] = {user_data_selector, 0xc0f3, 0xffff'ffff, 0};
    cpu.segments[soft::seg_gs].base = gs_base;
    cpu.cpl = 3;

    const u8* fx = before.fx;
    soft::X87& x87 = cpu.x87;
    u16 status = get<u16>(fx + 2);
    x87.control = get<u16>(fx);
    x87.status = static_cast<u16>(status & ~0x3800);
    x87.top = status >> 11 & 7;
    x87.valid = fx[4];
    for (unsigned i = 0; i < 8; i++)
        x87.registers[(x87.top + i) & 7] = {get<u64>(fx + 32 + 16 * i), get<u16>(fx + 40 + 16 * i)};
    cpu.mxcsr = get<u32>(fx + 24);
    std::memcpy(cpu.xmm, fx + 160, sizeof cpu.xmm);
    soft::refresh_mode(cpu);
}

Registers SoftwareCpu::store() {
    const soft::Cpu& cpu = accelerator_.cpu();
    Registers after;
    std::memcpy(after.gpr, cpu.gpr, sizeof after.gpr);
    after.rip = cpu.rip;
    after.flags = soft::read_rflags(cpu);
    after.ds = cpu.segments[soft::seg_ds].selector;
    after.es = cpu.segments[soft::seg_es].selector;
    const soft::X87& x87 = cpu.x87;
    put<u16>(after.fx, x87.control);
    put<u16>(after.fx + 2, static_cast<u16>(x87.status | x87.top << 11));
    after.fx[4] = x87.valid;
    for (unsigned i = 0; i < 8; i++) {
        const soft::Float80& value = x87.registers[(x87.top + i) & 7];
        put<u64>(after.fx + 32 + 16 * i, value.mantissa);
        put<u16>(after.fx + 40 + 16 * i, value.sign_exponent);
    }
    put<u32>(after.fx + 24, cpu.mxcsr);
    std::memcpy(after.fx + 160, cpu.xmm, sizeof cpu.xmm);
    return after;
}

/// The vector by the handler that halted, the rest from its stack.
void SoftwareCpu::take_fault(Result& result) {
    u64 handlers = system_linear + handler_page * page_bytes;
    result.fault = true;
    result.vector = static_cast<u8>((result.after.rip - 1 - handlers) / handler_stride);
    u64 frame = result.after.gpr[soft::rsp] - (stack_top - page_bytes);
    if (frame > page_bytes - 40) return;
    const u8* at = memory_.data() + system_ram + stack_page * page_bytes + frame;
    if (soft::pushes_error_code(result.vector)) {
        result.error = get<u32>(at);
        at += 8;
    }
    result.after.rip = get<u64>(at);
    result.after.flags = get<u64>(at + 16);
    result.after.gpr[soft::rsp] = get<u64>(at + 24);
    result.cr2 = result.vector == 14 ? accelerator_.cpu().cr2 : 0;
}

/// Takes back the fault where the instruction led: of the INT3, which user code may not use here,
/// or of a page that is not there. Only faults set RF.
void SoftwareCpu::take_next(const Instance& instance, Result& result) {
    if (!result.fault || result.after.rip == instance.before.rip) return;
    result = {result.after};
    result.after.flags &= ~soft::flag_rf;
}

/// The instruction's own block, as it would be decoded at its place.
bool SoftwareCpu::runs_translated(const Instance& instance) {
    u64 at = instance.before.rip - code_start;
    soft::Insn insn;
    soft::Decoding d;
    auto result =
        soft::decode(instance.code, instance.length, soft::code64 | soft::code_stack32, 0, insn, d);
    if (result == soft::DecodeResult::need_more_bytes || at + instance.length > code_bytes)
        return false;
    // A branch into its own bytes would run others than its own.
    return !d.side_exit || insn.imm >= instance.length;
}

u64 SoftwareCpu::ticks_of(const Instance& instance) const {
    if (!translates_ || !runs_translated(instance)) return 1;
    soft::Insn insn;
    auto result =
        soft::decode(instance.code, instance.length, soft::code64 | soft::code_stack32, 0, insn);
    bool last_of_page = instance.before.rip + instance.length == code_start + code_bytes;
    return result == soft::DecodeResult::ends_block || last_of_page ? 1 : 2;
}

Result SoftwareCpu::run(const Instance& instance) {
    u64 at = instance.before.rip - code_start;
    u64 count = at + instance.length > code_bytes ? code_bytes - at : instance.length;
    write_code(at, instance.code, count);
    load(instance.before);
    unsigned steps = instance.to_breakpoint ? steps_max : 1;
    u64 ticks = ticks_of(instance);
    const soft::Cpu& cpu = accelerator_.cpu();
    do {
        accelerator_.run(accelerator_.ticks() + ticks);
    } while (--steps && !cpu.halted && cpu.rip == instance.before.rip);
    Result result;
    result.after = store();
    if (cpu.halted) take_fault(result);
    if (ticks > 1) take_next(instance, result);
    static constexpr u8 filler[16] = {breakpoint, breakpoint, breakpoint, breakpoint,
                                      breakpoint, breakpoint, breakpoint, breakpoint,
                                      breakpoint, breakpoint, breakpoint, breakpoint,
                                      breakpoint, breakpoint, breakpoint, breakpoint};
    write_code(at, filler, count);
    return result;
}

}  // namespace vmft::differential
