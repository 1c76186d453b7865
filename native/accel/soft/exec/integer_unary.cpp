#include "accel/soft/exec/integer_alu.h"
#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/operand_steps.h"
#include "accel/soft/exec/operand_width.h"
#include "accel/soft/exec/system.h"

/// INC, DEC, NOT, NEG, and the groups F6/F7 and FE/FF that hold them.
namespace vmft::soft {
namespace {

template <typename T, bool Down>
inline T increment_operand(Cpu& cpu, const Insn*, T old) {
    return increment<T, Down>(cpu, old);
}
template <typename T>
inline T invert_operand(Cpu&, const Insn*, T old) {
    return static_cast<T>(~old);
}
template <typename T>
inline T negate_operand(Cpu& cpu, const Insn*, T old) {
    return negate<T>(cpu, old);
}

/// 40-4F: INC and DEC of a register; in 64-bit mode these are REX prefixes and never get here.
Handler select_increment_register(Decoding& d) {
    if (d.long_mode()) return nullptr;
    use_opcode_register(d);
    return by_operand_width(d.operand_bytes, [&d]<typename T>() -> Handler {
        if (d.opcode & 8) return rm_change<T, increment_operand<T, true>>(d);
        return rm_change<T, increment_operand<T, false>>(d);
    });
}

Handler select_group_f6(Decoding& d) {
    switch (d.reg) {
    case 0:
    case 1: return select_test_immediate(d);
    case 2: return select_not(d);
    case 3: return select_neg(d);
    default: return select_multiply(d);
    }
}

Handler select_group_fe(Decoding& d) {
    if (d.reg <= 1) return select_increment(d);
    if (d.opcode == 0xfe) return nullptr;
    switch (d.reg) {
    case 2: return select_call_indirect(d);
    case 3: return select_far_call_memory(d);
    case 4: return select_jump_indirect(d);
    case 5: return select_far_jmp_memory(d);
    case 6: return select_push_rm(d);
    default: return nullptr;
    }
}

}  // namespace

Handler select_not(Decoding& d) {
    d.lock_allowed = d.memory;
    return by_width(width_by_opcode(d),
                    [&d]<typename T>() -> Handler { return rm_change<T, invert_operand<T>>(d); });
}

Handler select_neg(Decoding& d) {
    d.lock_allowed = d.memory;
    return by_width(width_by_opcode(d),
                    [&d]<typename T>() -> Handler { return rm_change<T, negate_operand<T>>(d); });
}

Handler select_increment(Decoding& d) {
    d.lock_allowed = d.memory;
    return by_width(width_by_opcode(d), [&d]<typename T>() -> Handler {
        if (d.reg == 1) return rm_change<T, increment_operand<T, true>>(d);
        return rm_change<T, increment_operand<T, false>>(d);
    });
}

void register_unary(OpcodeTable& table) {
    auto map = OpcodeMap::one_byte;
    for (unsigned opcode = 0x40; opcode <= 0x4f; opcode++)
        table.set(map, static_cast<u8>(opcode), false, Immediate::none, select_increment_register);
    // The immediate of F6/F7 /0 and /1 is the decoder's affair.
    table.set(map, 0xf6, true, Immediate::none, select_group_f6);
    table.set(map, 0xf7, true, Immediate::none, select_group_f6);
    table.set(map, 0xfe, true, Immediate::none, select_group_fe);
    table.set(map, 0xff, true, Immediate::none, select_group_fe);
}

}  // namespace vmft::soft
