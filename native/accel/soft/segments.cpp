#include "accel/soft/segments.h"

#include "accel/soft/mmu.h"

namespace vmft::soft {

namespace {

constexpr u16 index_mask = 0xfffc;

/// Address of a descriptor, or raises when the selector lies beyond its table.
u64 descriptor_address(Cpu& cpu, const Insn* insn, u16 selector, Vector vector,
                       unsigned size_bytes) {
    u64 base = cpu.gdtr.base;
    u64 limit = cpu.gdtr.limit;
    if (selector & 4) {
        if (!cpu.ldtr.usable()) raise(cpu, insn, vector, selector & index_mask);
        base = cpu.ldtr.base;
        limit = cpu.ldtr.limit;
    }
    u64 offset = selector & 0xfff8;
    if (offset + size_bytes - 1 > limit) raise(cpu, insn, vector, selector & index_mask);
    return base + offset;
}

void load_real_mode(Cpu& cpu, SegmentRegister which, u16 selector) {
    SegmentState& segment = cpu.segments[which];
    segment.selector = selector;
    segment.base = static_cast<u64>(selector) << 4;
    if (cpu.rflags & flag_vm) {
        segment.limit = 0xffff;
        segment.access = 0xf3;
    } else if (!segment.usable()) {
        segment.limit = 0xffff;
        segment.access = 0x93;
    }
}

void load_null(Cpu& cpu, const Insn* insn, SegmentRegister which, u16 selector) {
    if (which == seg_ss) {
        // Only 64-bit code above ring 3 may run with a null SS (SDM 3A 5.4.1.1).
        if (!in_64bit(cpu) || cpu.cpl == 3 || (selector & 3) != cpu.cpl)
            raise(cpu, insn, vector_gp, 0);
    }
    SegmentState& segment = cpu.segments[which];
    segment = SegmentState{};
    segment.selector = selector;
    if (which == seg_ss) segment.access = static_cast<u16>(0x93 | cpu.cpl << 5 | SegmentState::big);
}

}  // namespace

SegmentState unpack_descriptor(u64 raw, u16 selector) {
    SegmentState state;
    state.selector = selector;
    state.base = (raw >> 16 & 0xff'ffff) | (raw >> 56 & 0xff) << 24;
    state.access = static_cast<u16>((raw >> 40 & 0xff) | (raw >> 40 & 0xf000));
    u32 limit = static_cast<u32>((raw & 0xffff) | (raw >> 32 & 0xf'0000));
    state.limit = raw >> 55 & 1 ? limit << 12 | 0xfff : limit;
    return state;
}

Descriptor read_descriptor(Cpu& cpu, const Insn* insn, u16 selector, Vector vector, bool wide) {
    u64 address = descriptor_address(cpu, insn, selector, vector, wide ? 16 : 8);
    Descriptor descriptor;
    descriptor.raw = system_load<u64>(cpu, insn, address);
    descriptor.state = unpack_descriptor(descriptor.raw, selector);
    if (wide) {
        descriptor.raw_high = system_load<u64>(cpu, insn, address + 8);
        descriptor.state.base |= descriptor.raw_high << 32;
    }
    return descriptor;
}

void mark_accessed(Cpu& cpu, const Insn* insn, u16 selector, Descriptor& descriptor) {
    constexpr u64 accessed = u64{1} << 40;
    if (descriptor.raw & accessed) return;
    u64 address = (selector & 4 ? cpu.ldtr.base : cpu.gdtr.base) + (selector & 0xfff8);
    descriptor.raw |= accessed;
    descriptor.state.access |= 1;
    system_store<u8>(cpu, insn, address + 5, static_cast<u8>(descriptor.raw >> 40));
}

void load_segment(Cpu& cpu, const Insn* insn, SegmentRegister which, u16 selector) {
    if (!protected_mode(cpu)) {
        load_real_mode(cpu, which, selector);
        refresh_mode(cpu);
        return;
    }
    if ((selector & index_mask) == 0) {
        load_null(cpu, insn, which, selector);
        refresh_mode(cpu);
        return;
    }
    Descriptor descriptor = read_descriptor(cpu, insn, selector, vector_gp, false);
    const SegmentState& state = descriptor.state;
    unsigned rpl = selector & 3;
    u16 error = selector & index_mask;
    bool data = !state.is_code() && (state.access & SegmentState::non_system);
    if (which == seg_ss) {
        if (!data || !(state.type() & 2) || rpl != cpu.cpl || state.dpl() != cpu.cpl)
            raise(cpu, insn, vector_gp, error);
        if (!state.usable()) raise(cpu, insn, vector_ss, error);
    } else {
        bool readable_code = state.is_code() && (state.type() & 2);
        bool conforming = state.is_code() && (state.type() & 4);
        if (!data && !readable_code) raise(cpu, insn, vector_gp, error);
        if (!conforming && (rpl > state.dpl() || cpu.cpl > state.dpl()))
            raise(cpu, insn, vector_gp, error);
        if (!state.usable()) raise(cpu, insn, vector_np, error);
    }
    mark_accessed(cpu, insn, selector, descriptor);
    cpu.segments[which] = descriptor.state;
    refresh_mode(cpu);
}

void refresh_mode(Cpu& cpu) {
    const SegmentState& code = cpu.segments[seg_cs];
    bool long_code = (cpu.efer & efer_lma) && (code.access & SegmentState::long_code);
    bool big_stack = cpu.segments[seg_ss].access & SegmentState::big;
    if (long_code)
        cpu.code_mode = code64 | code_stack32;
    else
        cpu.code_mode = static_cast<u8>((code.access & SegmentState::big ? code32 : code16) |
                                        (big_stack ? code_stack32 : 0));
    for (unsigned i = 0; i < seg_count; i++)
        cpu.segment_base[i] = long_code && i < seg_fs ? 0 : cpu.segments[i].base;
    if (cpu.cpl == 3)
        cpu.tlb_context = tlb_user;
    else
        cpu.tlb_context =
            (cpu.cr4 & cr4_smap) && !(cpu.rflags & flag_ac) ? tlb_supervisor_smap : tlb_supervisor;
    cpu.tlb = cpu.data_tlb[cpu.tlb_context];
    cpu.code_tlb_now = cpu.code_tlb[cpu.cpl == 3];
}

void set_code_segment(Cpu& cpu, const SegmentState& state, u8 cpl) {
    cpu.segments[seg_cs] = state;
    cpu.segments[seg_cs].selector = static_cast<u16>((state.selector & ~3) | cpl);
    cpu.cpl = cpl;
    refresh_mode(cpu);
}

}  // namespace vmft::soft
