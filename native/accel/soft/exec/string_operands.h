#pragma once

#include <algorithm>

#include "accel/soft/decode.h"
#include "accel/soft/dispatch.h"
#include "accel/soft/exec/stack_address.h"
#include "accel/soft/flags.h"

/// What the string instructions share: index registers by address size, and repetition.
///
/// Flat is 64-bit addressing in 64-bit mode; otherwise addresses are truncated and segments
/// checked. A repeated instruction counts one tick per iteration. The instruction itself is one
/// tick that the block has paid; every further iteration takes one from cpu.ticks_left, and it
/// stops when none is left, to go on later at the same rip. Each iteration is complete when the
/// next starts: a fault leaves what is done done.
namespace vmft::soft {

inline u64 index_mask(const Insn* insn) {
    return insn->flags & insn_address16   ? 0xffff
           : insn->flags & insn_address32 ? 0xffffffff
                                          : ~u64{0};
}

template <bool Flat>
inline u64 read_index(const Cpu& cpu, const Insn* insn, Reg reg) {
    if constexpr (Flat)
        return cpu.gpr[reg];
    else
        return cpu.gpr[reg] & index_mask(insn);
}

template <bool Flat>
inline void write_index(Cpu& cpu, const Insn* insn, Reg reg, u64 value) {
    if constexpr (Flat)
        cpu.gpr[reg] = value;
    else if (insn->flags & insn_address16)
        write_reg<u16>(cpu, reg, static_cast<u16>(value));
    else
        cpu.gpr[reg] = value & index_mask(insn);
}

/// rSI and rDI move by the element size, down when DF is set.
template <bool Flat>
inline void advance_index(Cpu& cpu, const Insn* insn, Reg reg, unsigned size_bytes) {
    u64 by = cpu.rflags & flag_df ? -u64{size_bytes} : u64{size_bytes};
    write_index<Flat>(cpu, insn, reg, cpu.gpr[reg] + by);
}

/// Linear address of DS:[rSI]; the segment may be overridden.
template <bool Flat>
inline u64 source_linear(Cpu& cpu, const Insn* insn, unsigned size_bytes) {
    if constexpr (Flat)
        return cpu.gpr[rsi] + cpu.segment_base[insn->segment];
    else
        return segment_address(cpu, insn, static_cast<SegmentRegister>(insn->segment),
                               read_index<Flat>(cpu, insn, rsi), size_bytes, Access::read);
}

/// Linear address of ES:[rDI].
template <bool Flat>
inline u64 destination_linear(Cpu& cpu, const Insn* insn, unsigned size_bytes, Access access) {
    if constexpr (Flat)
        return cpu.gpr[rdi];
    else
        return segment_address(cpu, insn, seg_es, read_index<Flat>(cpu, insn, rdi), size_bytes,
                               access);
}

/// Whole elements from `linear` to the end of its page.
template <typename T>
inline u64 elements_in_page(u64 linear) {
    return (page_bytes - (linear & page_mask)) / sizeof(T);
}

/// Commits `done` iterations of a repeated instruction: rCX and the budget.
template <bool Flat>
inline void iterations_done(Cpu& cpu, const Insn* insn, u64 done) {
    write_index<Flat>(cpu, insn, rcx, cpu.gpr[rcx] - done);
    cpu.ticks_left -= static_cast<i64>(done);
}

/// Behind a device the run ends; behind a change of code the instruction may be another one.
inline bool stops_repeating(const Cpu& cpu) { return cpu.device_touched || cpu.code_rewritten; }

/// REP. One(cpu, insn) does one iteration but for rCX. Many(cpu, insn, count_max) may do several at
/// once (ascending, flat) and returns how many: 0 when it cannot.
template <bool Flat, auto One, auto Many>
u64 repeat(Cpu& cpu, const Insn* insn) {
    u64 count = read_index<Flat>(cpu, insn, rcx);
    if (count == 0) return next_rip(cpu, insn);
    do {
        u64 done = 0;
        if constexpr (Flat) {
            if (!(cpu.rflags & flag_df))
                done = Many(cpu, insn, std::min(count, static_cast<u64>(cpu.ticks_left) + 1));
        }
        if (done == 0) {
            One(cpu, insn);
            done = 1;
        }
        count -= done;
        iterations_done<Flat>(cpu, insn, done);
    } while (count != 0 && cpu.ticks_left >= 0 && !stops_repeating(cpu));
    cpu.ticks_left++;  // the tick that the block has paid
    return count == 0 ? next_rip(cpu, insn) : insn_rip(cpu, insn);
}

/// REPE and REPNE: as repeat, and ends as well when ZF differs from `WhileZero` after an iteration.
/// Many stops there too.
template <bool Flat, bool WhileZero, auto One, auto Many>
u64 repeat_while(Cpu& cpu, const Insn* insn) {
    u64 count = read_index<Flat>(cpu, insn, rcx);
    if (count == 0) return next_rip(cpu, insn);
    bool goes_on;
    do {
        u64 done = 0;
        if constexpr (Flat) {
            if (!(cpu.rflags & flag_df))
                done = Many(cpu, insn, std::min(count, static_cast<u64>(cpu.ticks_left) + 1));
        }
        if (done == 0) {
            One(cpu, insn);
            done = 1;
        }
        count -= done;
        iterations_done<Flat>(cpu, insn, done);
        goes_on = count != 0 && get_zf(cpu) == WhileZero;
    } while (goes_on && cpu.ticks_left >= 0 && !stops_repeating(cpu));
    cpu.ticks_left++;
    return goes_on ? insn_rip(cpu, insn) : next_rip(cpu, insn);
}

/// Whether the operands are flat: what the selectors of all string instructions ask.
inline bool flat_strings(const Decoding& d) { return d.long_mode() && d.address_bytes == 8; }

}  // namespace vmft::soft
