#include "accel/soft/dispatch.h"
#include "accel/soft/exec/system.h"
#include "accel/soft/flags.h"

/// Fast system calls: SYSCALL, SYSRET, SYSENTER, SYSEXIT (SDM 2B).
namespace vmft::soft {

namespace {

SegmentState flat_code(u16 selector, unsigned dpl, bool long_code) {
    u16 access = static_cast<u16>(0x809b | dpl << 5 |
                                  (long_code ? SegmentState::long_code : SegmentState::big));
    return {selector, access, 0xffff'ffff, 0};
}

SegmentState flat_stack(u16 selector, unsigned dpl) {
    return {selector, static_cast<u16>(0xc093 | dpl << 5), 0xffff'ffff, 0};
}

void op_syscall(Cpu& cpu, const Insn* insn) {
    if (!(cpu.efer & efer_sce)) raise(cpu, insn, vector_ud);
    cpu.gpr[rcx] = next_rip(cpu, insn);
    cpu.gpr[r11] = read_rflags(cpu) & ~flag_rf;
    cpu.rip = cpu.msr_lstar;
    u64 flags = read_rflags(cpu) & ~cpu.msr_syscall_mask;
    cpu.rflags = (flags & ~(flags_arithmetic | flag_rf)) | 2;
    set_arithmetic_flags(cpu, flags);
    u16 selector = static_cast<u16>(cpu.msr_star >> 32 & 0xfffc);
    cpu.segments[seg_ss] = flat_stack(static_cast<u16>(selector + 8), 0);
    set_code_segment(cpu, flat_code(selector, 0, true), 0);
}

template <bool To64>
void op_sysret(Cpu& cpu, const Insn* insn) {
    if (!(cpu.efer & efer_sce)) raise(cpu, insn, vector_ud);
    require_cpl0(cpu, insn);
    if (To64 && !is_canonical(cpu.gpr[rcx])) raise(cpu, insn, vector_gp);
    u64 flags = (cpu.gpr[r11] & 0x3c'7fd7) | 2;
    cpu.rflags = flags & ~flags_arithmetic;
    set_arithmetic_flags(cpu, flags);
    cpu.rip = To64 ? cpu.gpr[rcx] : static_cast<u32>(cpu.gpr[rcx]);
    u16 base = static_cast<u16>(cpu.msr_star >> 48);
    cpu.segments[seg_ss] = flat_stack(static_cast<u16>((base + 8) | 3), 3);
    set_code_segment(cpu, flat_code(static_cast<u16>(To64 ? base + 16 : base), 3, To64), 3);
}

void op_sysenter(Cpu& cpu, const Insn* insn) {
    u16 selector = static_cast<u16>(cpu.msr_sysenter_cs & 0xfffc);
    if (!(cpu.cr0 & cr0_pe) || selector == 0) raise(cpu, insn, vector_gp);
    bool long_mode = long_mode_active(cpu);
    cpu.rflags &= ~(flag_vm | flag_if | flag_rf);
    cpu.gpr[rsp] = long_mode ? cpu.msr_sysenter_esp : static_cast<u32>(cpu.msr_sysenter_esp);
    cpu.rip = long_mode ? cpu.msr_sysenter_eip : static_cast<u32>(cpu.msr_sysenter_eip);
    cpu.segments[seg_ss] = flat_stack(static_cast<u16>(selector + 8), 0);
    set_code_segment(cpu, flat_code(selector, 0, long_mode), 0);
}

template <bool To64>
void op_sysexit(Cpu& cpu, const Insn* insn) {
    u16 selector = static_cast<u16>(cpu.msr_sysenter_cs & 0xfffc);
    if (!(cpu.cr0 & cr0_pe) || selector == 0 || cpu.cpl != 0) raise(cpu, insn, vector_gp);
    if (To64 && (!is_canonical(cpu.gpr[rcx]) || !is_canonical(cpu.gpr[rdx])))
        raise(cpu, insn, vector_gp);
    cpu.gpr[rsp] = To64 ? cpu.gpr[rcx] : static_cast<u32>(cpu.gpr[rcx]);
    cpu.rip = To64 ? cpu.gpr[rdx] : static_cast<u32>(cpu.gpr[rdx]);
    u16 code = static_cast<u16>((selector + (To64 ? 32 : 16)) | 3);
    cpu.segments[seg_ss] = flat_stack(static_cast<u16>(code + 8), 3);
    set_code_segment(cpu, flat_code(code, 3, To64), 3);
}

// SYSCALL and SYSRET exist in 64-bit mode only, as on Intel.
Handler select_syscall(Decoding& d) {
    return d.long_mode() ? ending(d, transfer<op_syscall>) : nullptr;
}
Handler select_sysret(Decoding& d) {
    if (!d.long_mode()) return nullptr;
    return ending(d, d.operand_bytes == 8 ? transfer<op_sysret<true>> : transfer<op_sysret<false>>);
}
Handler select_sysenter(Decoding& d) { return ending(d, transfer<op_sysenter>); }
Handler select_sysexit(Decoding& d) {
    return ending(d,
                  d.operand_bytes == 8 ? transfer<op_sysexit<true>> : transfer<op_sysexit<false>>);
}

}  // namespace

void register_system_entry(OpcodeTable& table) {
    table.set(OpcodeMap::two_byte, 0x05, false, Immediate::none, select_syscall);
    table.set(OpcodeMap::two_byte, 0x07, false, Immediate::none, select_sysret);
    table.set(OpcodeMap::two_byte, 0x34, false, Immediate::none, select_sysenter);
    table.set(OpcodeMap::two_byte, 0x35, false, Immediate::none, select_sysexit);
}

}  // namespace vmft::soft
