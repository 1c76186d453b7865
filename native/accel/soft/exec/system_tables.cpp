#include "accel/soft/access.h"
#include "accel/soft/dispatch.h"
#include "accel/soft/exec/system.h"
#include "accel/soft/flags.h"
#include "accel/soft/mmu.h"

/// Descriptor tables and selectors: groups 6 and 7 (0F 00, 0F 01), LAR, LSL.
namespace vmft::soft {

namespace {

constexpr u16 index_mask = 0xfffc;

void store_table(Cpu& cpu, const Insn* insn, const TableRegister& table) {
    bool wide = in_64bit(cpu);
    u64 linear = linear_address(cpu, insn, wide ? 10 : 6, Access::write);
    probe_write_slow(cpu, insn, linear, wide ? 10 : 6);
    store<u16>(cpu, insn, linear, table.limit);
    if (wide)
        store<u64>(cpu, insn, linear + 2, table.base);
    else
        store<u32>(cpu, insn, linear + 2, static_cast<u32>(table.base));
}

template <unsigned OperandBytes>
void load_table(Cpu& cpu, const Insn* insn, TableRegister& table) {
    require_cpl0(cpu, insn);
    bool wide = in_64bit(cpu);
    u64 linear = linear_address(cpu, insn, wide ? 10 : 6, Access::read);
    u16 limit = load<u16>(cpu, insn, linear);
    u64 base = wide ? load<u64>(cpu, insn, linear + 2) : load<u32>(cpu, insn, linear + 2);
    if (wide && !is_canonical(base)) raise(cpu, insn, vector_gp);
    if (!wide && OperandBytes == 2) base &= 0xff'ffff;
    table = {base, limit};
}

void op_sgdt(Cpu& cpu, const Insn* insn) { store_table(cpu, insn, cpu.gdtr); }
void op_sidt(Cpu& cpu, const Insn* insn) { store_table(cpu, insn, cpu.idtr); }
template <unsigned Bytes>
void op_lgdt(Cpu& cpu, const Insn* insn) {
    load_table<Bytes>(cpu, insn, cpu.gdtr);
}
template <unsigned Bytes>
void op_lidt(Cpu& cpu, const Insn* insn) {
    load_table<Bytes>(cpu, insn, cpu.idtr);
}

/// A 16-bit value to memory, or to a register of the operand size.
void put_word(Cpu& cpu, const Insn* insn, u64 value, unsigned operand_bytes) {
    if (insn->flags & insn_memory)
        store<u16>(cpu, insn, linear_address(cpu, insn, 2, Access::write), static_cast<u16>(value));
    else if (operand_bytes == 2)
        write_reg<u16>(cpu, insn->rm, static_cast<u16>(value));
    else if (operand_bytes == 4)
        write_reg<u32>(cpu, insn->rm, static_cast<u32>(value));
    else
        write_reg<u64>(cpu, insn->rm, value);
}
u16 get_word(Cpu& cpu, const Insn* insn) {
    if (insn->flags & insn_memory)
        return load<u16>(cpu, insn, linear_address(cpu, insn, 2, Access::read));
    return read_reg<u16>(cpu, insn->rm);
}

template <unsigned Bytes>
void op_smsw(Cpu& cpu, const Insn* insn) {
    put_word(cpu, insn, Bytes == 2 ? cpu.cr0 & 0xffff : cpu.cr0, Bytes);
}
template <unsigned Bytes>
void op_sldt(Cpu& cpu, const Insn* insn) {
    put_word(cpu, insn, cpu.ldtr.selector, Bytes);
}
template <unsigned Bytes>
void op_str(Cpu& cpu, const Insn* insn) {
    put_word(cpu, insn, cpu.tr.selector, Bytes);
}

void op_lmsw(Cpu& cpu, const Insn* insn) {
    require_cpl0(cpu, insn);
    u64 value = get_word(cpu, insn);
    // LMSW sets PE, never clears it.
    if (!write_cr0(cpu, (cpu.cr0 & ~u64{0xe}) | (value & 0xf))) raise(cpu, insn, vector_gp);
}

void op_invlpg(Cpu& cpu, const Insn* insn) {
    require_cpl0(cpu, insn);
    tlb_flush_page(cpu, effective_address(cpu, insn) + cpu.segment_base[insn->segment]);
}

void op_swapgs(Cpu& cpu, const Insn* insn) {
    require_cpl0(cpu, insn);
    std::swap(cpu.segments[seg_gs].base, cpu.msr_kernel_gs_base);
    cpu.segment_base[seg_gs] = cpu.segments[seg_gs].base;
}

void op_rdtscp(Cpu& cpu, const Insn* insn) {
    if ((cpu.cr4 & cr4_tsd) && cpu.cpl != 0) raise(cpu, insn, vector_gp);
    sync_ticks(cpu, insn);
    u64 tsc = cpu.platform->tsc() + cpu.msr_tsc_adjust;
    cpu.gpr[rax] = static_cast<u32>(tsc);
    cpu.gpr[rdx] = tsc >> 32;
    cpu.gpr[rcx] = static_cast<u32>(cpu.msr_tsc_aux);
}

template <bool Set>
void op_set_ac(Cpu& cpu, const Insn* insn) {
    if (cpu.cpl != 0) raise(cpu, insn, vector_ud);
    cpu.rflags = Set ? cpu.rflags | flag_ac : cpu.rflags & ~flag_ac;
    cpu.tlb_context = (cpu.cr4 & cr4_smap) && !Set ? tlb_supervisor_smap : tlb_supervisor;
    cpu.tlb = cpu.data_tlb[cpu.tlb_context];
}

void op_lldt(Cpu& cpu, const Insn* insn) {
    require_cpl0(cpu, insn);
    u16 selector = get_word(cpu, insn);
    if ((selector & index_mask) == 0) {
        cpu.ldtr = SegmentState{};
        cpu.ldtr.selector = selector;
        return;
    }
    if (selector & 4) raise(cpu, insn, vector_gp, selector & index_mask);
    Descriptor descriptor = read_descriptor(cpu, insn, selector, vector_gp, long_mode_active(cpu));
    if ((descriptor.state.access & 0x1f) != 2) raise(cpu, insn, vector_gp, selector & index_mask);
    if (!descriptor.state.usable()) raise(cpu, insn, vector_np, selector & index_mask);
    cpu.ldtr = descriptor.state;
}

void op_ltr(Cpu& cpu, const Insn* insn) {
    require_cpl0(cpu, insn);
    u16 selector = get_word(cpu, insn);
    if ((selector & index_mask) == 0) raise(cpu, insn, vector_gp, 0);
    if (selector & 4) raise(cpu, insn, vector_gp, selector & index_mask);
    Descriptor descriptor = read_descriptor(cpu, insn, selector, vector_gp, long_mode_active(cpu));
    unsigned type = descriptor.state.access & 0x1f;
    if (type != 9 && (type != 1 || long_mode_active(cpu)))
        raise(cpu, insn, vector_gp, selector & index_mask);
    if (!descriptor.state.usable()) raise(cpu, insn, vector_np, selector & index_mask);
    descriptor.state.access |= 2;  // Busy.
    u8 access_byte = static_cast<u8>(descriptor.raw >> 40) | 2;
    system_store<u8>(cpu, insn, cpu.gdtr.base + (selector & 0xfff8) + 5, access_byte);
    cpu.tr = descriptor.state;
}

/// Looks a selector up without faulting on it (LAR, LSL, VERR, VERW): false where it cannot be read
/// at this privilege.
bool inspect(Cpu& cpu, const Insn* insn, u16 selector, Descriptor& descriptor) {
    if ((selector & index_mask) == 0) return false;
    const u64 limit = selector & 4 ? (cpu.ldtr.usable() ? cpu.ldtr.limit : 0) : cpu.gdtr.limit;
    if ((selector & 0xfff8u) + 7 > limit) return false;
    descriptor = read_descriptor(cpu, insn, selector, vector_gp, false);
    const SegmentState& state = descriptor.state;
    bool conforming = state.is_code() && (state.type() & 4);
    return conforming || (cpu.cpl <= state.dpl() && (selector & 3u) <= state.dpl());
}

void set_zf(Cpu& cpu, bool on) {
    u64 flags = arithmetic_flags(cpu);
    set_arithmetic_flags(cpu, on ? flags | flag_zf : flags & ~flag_zf);
}

template <bool Write>
void op_verify(Cpu& cpu, const Insn* insn) {
    u16 selector = get_word(cpu, insn);
    Descriptor descriptor;
    bool fine = inspect(cpu, insn, selector, descriptor) &&
                (descriptor.state.access & SegmentState::non_system);
    if (fine) {
        bool code = descriptor.state.is_code(), type2 = descriptor.state.type() & 2;
        fine = Write ? !code && type2 : !code || type2;
    }
    set_zf(cpu, fine);
}

bool system_type_allowed(const Cpu& cpu, unsigned type, bool limit) {
    // SDM 2A tables 3-53 (LAR) and 3-59 (LSL).
    if (long_mode_active(cpu))
        return type == 2 || type == 9 || type == 11 || (!limit && type == 12);
    if (type == 1 || type == 2 || type == 3 || type == 9 || type == 11) return true;
    return !limit && (type == 4 || type == 5 || type == 12);
}

template <typename T, bool Limit>
void op_inspect(Cpu& cpu, const Insn* insn) {
    u16 selector = get_word(cpu, insn);
    Descriptor descriptor;
    bool fine = inspect(cpu, insn, selector, descriptor);
    if (fine && !(descriptor.state.access & SegmentState::non_system))
        fine = system_type_allowed(cpu, descriptor.state.type(), Limit);
    if (fine) {
        u64 value = Limit ? descriptor.state.limit : descriptor.raw >> 32 & 0xff'ff00;
        write_reg<T>(cpu, insn->reg, static_cast<T>(value));
    }
    set_zf(cpu, fine);
}

Handler select_group6(Decoding& d) {
    // 0F 00 exists in protected mode only; real mode never gets here with PE clear in any guest
    // that uses it.
    switch (d.reg) {
    case 0:
        return d.operand_bytes == 8   ? step<op_sldt<8>>
               : d.operand_bytes == 4 ? step<op_sldt<4>>
                                      : step<op_sldt<2>>;
    case 1:
        return d.operand_bytes == 8   ? step<op_str<8>>
               : d.operand_bytes == 4 ? step<op_str<4>>
                                      : step<op_str<2>>;
    case 2: return step<op_lldt>;
    case 3: return step<op_ltr>;
    case 4: return step<op_verify<false>>;
    case 5: return step<op_verify<true>>;
    default: return nullptr;
    }
}

Handler select_group7(Decoding& d) {
    bool two = d.operand_bytes == 2;
    if (d.memory) {
        switch (d.reg) {
        case 0: return step<op_sgdt>;
        case 1: return step<op_sidt>;
        case 2: return two ? step<op_lgdt<2>> : step<op_lgdt<4>>;
        case 3: return two ? step<op_lidt<2>> : step<op_lidt<4>>;
        case 4: return step<op_smsw<2>>;
        case 6: return ending(d, finish<op_lmsw>);
        case 7: return ending(d, finish<op_invlpg>);
        default: return nullptr;
        }
    }
    bool plain = d.mandatory == Mandatory::none;
    switch (d.modrm) {
    case 0xca: return plain ? step<op_set_ac<false>> : nullptr;
    case 0xcb: return plain ? step<op_set_ac<true>> : nullptr;
    case 0xf8: return d.long_mode() ? step<op_swapgs> : nullptr;
    case 0xf9: return step<op_rdtscp>;
    default: break;
    }
    if (d.reg == 4)
        return d.operand_bytes == 8 ? step<op_smsw<8>> : two ? step<op_smsw<2>> : step<op_smsw<4>>;
    if (d.reg == 6) return ending(d, finish<op_lmsw>);
    return nullptr;
}

template <bool Limit>
Handler select_inspect(Decoding& d) {
    return d.operand_bytes == 8   ? step<op_inspect<u64, Limit>>
           : d.operand_bytes == 4 ? step<op_inspect<u32, Limit>>
                                  : step<op_inspect<u16, Limit>>;
}

}  // namespace

void register_system_tables(OpcodeTable& table) {
    table.set(OpcodeMap::two_byte, 0x00, true, Immediate::none, select_group6);
    table.set(OpcodeMap::two_byte, 0x01, true, Immediate::none, select_group7);
    table.set(OpcodeMap::two_byte, 0x02, true, Immediate::none, select_inspect<false>);
    table.set(OpcodeMap::two_byte, 0x03, true, Immediate::none, select_inspect<true>);
}

}  // namespace vmft::soft
