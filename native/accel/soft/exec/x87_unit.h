#pragma once

#include "accel/soft/access.h"
#include "accel/soft/dispatch.h"

/// The x87 stack, its status word and its exceptions (SDM 1 chapter 8).
namespace vmft::soft::x87 {

// Bits of the status word; the first six are the exceptions and mask bits of the control word.
inline constexpr u16 invalid = 1, denormal = 2, zero_divide = 4, overflow = 8, underflow = 16,
                     precision = 32, stack_fault = 0x40, summary = 0x80, c0 = 0x100, c1 = 0x200,
                     c2 = 0x400, c3 = 0x4000, busy = 0x8000;
inline constexpr u16 exceptions = 0x3f;
inline constexpr u16 before_result =
    invalid | denormal | zero_divide;  ///< Unmasked, these leave no result.
inline constexpr u16 condition_codes = c0 | c1 | c2 | c3;
inline constexpr u16 control_writable = 0x1f3f, control_reserved_one = 0x40;

inline constexpr Float80 indefinite{0xc000000000000000, 0xffff};
inline constexpr Float80 one{0x8000000000000000, 0x3fff};
inline constexpr Float80 zero{0, 0};

/// #NM: what every x87 instruction but FWAIT checks first.
inline void require_unit(Cpu& cpu, const Insn* insn) {
    if (cpu.cr0 & (cr0_em | cr0_ts)) [[unlikely]]
        raise(cpu, insn, vector_nm);
}
/// #MF for an exception that an earlier instruction left. Without CR0.NE the PC's FERR# line
/// would be raised; this machine has none (SDM 1 8.7).
inline void require_no_pending_exception(Cpu& cpu, const Insn* insn) {
    if (cpu.x87.status & summary && cpu.cr0 & cr0_ne) [[unlikely]]
        raise(cpu, insn, vector_mf);
}
inline void require_ready(Cpu& cpu, const Insn* insn) {
    require_unit(cpu, insn);
    require_no_pending_exception(cpu, insn);
}

/// Keeps opcode and instruction pointer of a non-control instruction; call when it can no longer
/// fault. The selector leaves the opcode's 11 bits in insn->imm.
inline void note_instruction(Cpu& cpu, const Insn* insn) {
    cpu.x87.opcode = static_cast<u16>(insn->imm);
    cpu.x87.instruction_pointer = insn_rip(cpu, insn);
    cpu.x87.instruction_selector = cpu.segments[seg_cs].selector;
}
/// The same for an instruction with a memory operand.
inline void note_memory_instruction(Cpu& cpu, const Insn* insn) {
    u64 address = effective_address(cpu, insn);
    if (insn->flags & insn_address16)
        address &= 0xffff;
    else if (insn->flags & insn_address32)
        address &= 0xffffffff;
    note_instruction(cpu, insn);
    cpu.x87.data_pointer = address;
    cpu.x87.data_selector =
        cpu.segments[insn->segment < seg_count ? insn->segment : u8{seg_ds}].selector;
}

inline unsigned physical(const X87& x, unsigned index) { return (x.top + index) & 7; }
inline Float80& st(X87& x, unsigned index) { return x.registers[physical(x, index)]; }
inline bool empty(const X87& x, unsigned index) { return !(x.valid >> physical(x, index) & 1); }
inline void put(X87& x, unsigned index, const Float80& value) {
    st(x, index) = value;
    x.valid = static_cast<u8>(x.valid | 1u << physical(x, index));
}
inline void release(X87& x, unsigned index) {
    x.valid = static_cast<u8>(x.valid & ~(1u << physical(x, index)));
}
inline void pop(X87& x) {
    release(x, 0);
    x.top = (x.top + 1) & 7;
}
/// Onto a free register: see room_to_push.
inline void push(X87& x, const Float80& value) {
    x.top = (x.top - 1) & 7;
    put(x, 0, value);
}

inline void clear_c1(X87& x) { x.status = static_cast<u16>(x.status & ~c1); }
inline void set_conditions(X87& x, unsigned bits) {
    x.status = static_cast<u16>((x.status & ~condition_codes) | bits);
}

/// ES and B follow from flags and masks.
inline void update_summary(X87& x) {
    if (x.status & ~x.control & exceptions)
        x.status |= summary | busy;
    else
        x.status = static_cast<u16>(x.status & ~(summary | busy));
}

/// Sets exception flags; whether all of `blocking` among them are masked, that is, whether the
/// masked response is due.
inline bool signal(X87& x, unsigned flags, unsigned blocking = before_result) {
    x.status = static_cast<u16>(x.status | flags);
    if (flags & exceptions & ~x.control) x.status |= summary | busy;
    return !(flags & ~x.control & blocking & exceptions);
}
/// Takes over the flags and C1 that the host's unit gave for one operation. C1 tells whether an
/// inexact result was rounded up.
inline bool accept(X87& x, unsigned host_status, unsigned blocking = before_result) {
    clear_c1(x);
    if (host_status & precision) x.status = static_cast<u16>(x.status | (host_status & c1));
    return signal(x, host_status & exceptions, blocking);
}

/// An empty register as source: whether the masked response (the indefinite NaN as result) is due.
inline bool stack_underflow(X87& x) {
    clear_c1(x);
    return signal(x, invalid | stack_fault);
}
/// Whether the register above the top is free. If not: the exception, and its masked response.
inline bool room_to_push(X87& x) {
    if (empty(x, 7)) {
        clear_c1(x);
        return true;
    }
    x.status |= c1;
    if (signal(x, invalid | stack_fault)) push(x, indefinite);
    return false;
}

// Classes of an 80-bit value (SDM 1 8.2.2) ------------------------------------------------

inline bool sign_of(const Float80& value) { return value.sign_exponent >> 15; }
inline unsigned exponent_of(const Float80& value) { return value.sign_exponent & 0x7fff; }
inline bool is_zero(const Float80& value) { return exponent_of(value) == 0 && value.mantissa == 0; }
/// Denormals, and pseudo-denormals with the integer bit set.
inline bool is_denormal(const Float80& value) {
    return exponent_of(value) == 0 && value.mantissa != 0;
}
/// Formats that only the 8087 knew: operands of them are invalid.
inline bool is_unsupported(const Float80& value) {
    return exponent_of(value) != 0 && !(value.mantissa >> 63);
}
inline bool is_infinity(const Float80& value) {
    return exponent_of(value) == 0x7fff && value.mantissa == u64{1} << 63;
}
inline bool is_nan(const Float80& value) {
    return exponent_of(value) == 0x7fff && value.mantissa > u64{1} << 63;
}
inline bool is_signaling(const Float80& value) {
    return is_nan(value) && !(value.mantissa >> 62 & 1);
}
inline Float80 quieted(Float80 value) {
    value.mantissa |= u64{1} << 62;
    return value;
}
inline Float80 infinity(bool sign) {
    return {u64{1} << 63, static_cast<u16>(sign ? 0xffff : 0x7fff)};
}
inline Float80 signed_zero(bool sign) { return {0, static_cast<u16>(sign ? 0x8000 : 0)}; }

}  // namespace vmft::soft::x87
