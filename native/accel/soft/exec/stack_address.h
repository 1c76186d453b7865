#pragma once

#include "accel/soft/access.h"
#include "accel/soft/segments.h"

/// Addresses outside ModRM operands: string operands, MOV moffs, and the stack.
namespace vmft::soft {

/// As segment_address, when the CPU is not in 64-bit mode.
u64 segment_address_checked(Cpu& cpu, const Insn* insn, SegmentRegister segment, u64 offset,
                            unsigned size_bytes, Access access);

/// Linear address of `offset`, which is already truncated to the address size. Outside 64-bit mode
/// the segment's limit and rights are checked (SDM 3A 5.3, 5.5): #SS(0) for the stack segment, else
/// #GP(0).
inline u64 segment_address(Cpu& cpu, const Insn* insn, SegmentRegister segment, u64 offset,
                           unsigned size_bytes, Access access) {
    if (in_64bit(cpu)) [[likely]]
        return offset + cpu.segment_base[segment];
    return segment_address_checked(cpu, insn, segment, offset, size_bytes, access);
}

/// The bits of RSP in use: 16, 32 or 64 by SS.B and the mode.
inline u64 stack_mask(const Cpu& cpu) {
    if (in_64bit(cpu)) return ~u64{0};
    return cpu.code_mode & code_stack32 ? 0xffffffff : 0xffff;
}

/// Writes the part of `reg` (RSP, RBP) that addresses the stack.
inline void write_stack_register(Cpu& cpu, Reg reg, u64 value) {
    u64 mask = stack_mask(cpu);
    if (mask == 0xffff)
        write_reg<u16>(cpu, reg, static_cast<u16>(value));
    else
        cpu.gpr[reg] = value & mask;
}

/// Linear address of stack offset `sp`, truncated here.
inline u64 stack_linear(Cpu& cpu, const Insn* insn, u64 sp, unsigned size_bytes, Access access) {
    return segment_address(cpu, insn, seg_ss, sp & stack_mask(cpu), size_bytes, access);
}

/// As load_slow and store_slow_value, for the stack: an address that is not canonical raises #SS(0)
/// whatever the instruction's own operand uses.
u64 stack_load_slow(Cpu& cpu, const Insn* insn, u64 linear, unsigned size_bytes);
void stack_store_slow(Cpu& cpu, const Insn* insn, u64 linear, u64 value, unsigned size_bytes);
void stack_probe_write(Cpu& cpu, const Insn* insn, u64 linear, unsigned size_bytes);

template <typename T>
inline T stack_load(Cpu& cpu, const Insn* insn, u64 linear) {
    if (fast_read<T>(cpu, linear)) [[likely]]
        return load<T>(cpu, insn, linear);
    return static_cast<T>(stack_load_slow(cpu, insn, linear, sizeof(T)));
}
template <typename T>
inline void stack_store(Cpu& cpu, const Insn* insn, u64 linear, T value) {
    if (fast_write<T>(cpu, linear)) [[likely]]
        store<T>(cpu, insn, linear, value);
    else
        stack_store_slow(cpu, insn, linear, value, sizeof(T));
}

/// Pushes and moves RSP. The whole instruction may still be given up by the store, so this comes
/// last.
template <typename T>
inline void push(Cpu& cpu, const Insn* insn, T value) {
    u64 sp = cpu.gpr[rsp] - sizeof(T);
    stack_store<T>(cpu, insn, stack_linear(cpu, insn, sp, sizeof(T), Access::write), value);
    write_stack_register(cpu, rsp, sp);
}

/// The value `skip_bytes` above the top of the stack; RSP stays.
template <typename T>
inline T peek(Cpu& cpu, const Insn* insn, unsigned skip_bytes = 0) {
    return stack_load<T>(
        cpu, insn, stack_linear(cpu, insn, cpu.gpr[rsp] + skip_bytes, sizeof(T), Access::read));
}

/// Moves RSP up: the second half of a pop, when nothing can fault any more.
inline void drop(Cpu& cpu, u64 bytes) { write_stack_register(cpu, rsp, cpu.gpr[rsp] + bytes); }

}  // namespace vmft::soft
