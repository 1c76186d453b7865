#include "accel/soft/exec/integer_alu.h"

#include <utility>

#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/operand_steps.h"
#include "accel/soft/exec/operand_width.h"

namespace vmft::soft {
namespace {

template <Alu Op, typename T>
inline T with_register(Cpu& cpu, const Insn* insn, T old) {
    return alu<Op, T>(cpu, old, get_reg<T>(cpu, insn));
}
template <Alu Op, typename T>
inline T with_immediate(Cpu& cpu, const Insn* insn, T old) {
    return alu<Op, T>(cpu, old, static_cast<T>(insn->imm));
}
template <Alu Op, typename T>
inline void into_register(Cpu& cpu, const Insn* insn, T value) {
    T result = alu<Op, T>(cpu, get_reg<T>(cpu, insn), value);
    if constexpr (Op != Alu::cmp) put_reg<T>(cpu, insn, result);
}
template <typename T>
inline void compare_register(Cpu& cpu, const Insn* insn, T value) {
    alu<Alu::cmp, T>(cpu, value, get_reg<T>(cpu, insn));
}
template <typename T>
inline void compare_immediate(Cpu& cpu, const Insn* insn, T value) {
    alu<Alu::cmp, T>(cpu, value, static_cast<T>(insn->imm));
}
template <typename T>
inline void test_register(Cpu& cpu, const Insn* insn, T value) {
    set_flags_logic<T>(cpu, value & get_reg<T>(cpu, insn));
}
template <typename T>
inline void test_same(Cpu& cpu, const Insn* insn) {
    set_flags_logic<T>(cpu, get_rm_reg<T>(cpu, insn));
}
template <typename T>
inline void test_immediate(Cpu& cpu, const Insn* insn, T value) {
    set_flags_logic<T>(cpu, value & static_cast<T>(insn->imm));
}
/// XOR r, r: the way compilers clear a register.
inline void clear(Cpu& cpu, const Insn* insn) {
    cpu.gpr[insn->rm] = 0;
    cpu.lazy_result = 0;
    cpu.lazy_aux = 0;
}

bool same_register(const Decoding& d) { return !d.memory && d.insn->reg == d.insn->rm; }

/// op rm, r
template <Alu Op>
Handler select_to_rm(Decoding& d) {
    if (Op == Alu::bit_xor && (d.opcode & 1) && d.operand_bytes >= 4 && same_register(d))
        return step<clear>;
    d.lock_allowed = d.memory && Op != Alu::cmp;
    return by_width(width_by_opcode(d), [&d]<typename T>() -> Handler {
        if constexpr (Op == Alu::cmp)
            return rm_source<T, compare_register<T>>(d);
        else
            return rm_change<T, with_register<Op, T>>(d);
    });
}

/// op r, rm
template <Alu Op>
Handler select_from_rm(Decoding& d) {
    if (!d.memory) {
        // The register form has one handler: the destination is rm.
        std::swap(d.insn->reg, d.insn->rm);
        std::swap(d.insn->reg8, d.insn->rm8);
        return select_to_rm<Op>(d);
    }
    return by_width(width_by_opcode(d), [&d]<typename T>() -> Handler {
        return rm_source<T, into_register<Op, T>>(d);
    });
}

template <Alu Op>
Handler select_immediate(Decoding& d) {
    d.lock_allowed = d.memory && Op != Alu::cmp;
    return by_width(width_by_opcode(d), [&d]<typename T>() -> Handler {
        if constexpr (Op == Alu::cmp)
            return rm_source<T, compare_immediate<T>>(d);
        else
            return rm_change<T, with_immediate<Op, T>>(d);
    });
}

template <Alu Op>
Handler select_accumulator(Decoding& d) {
    use_accumulator(d);
    return select_immediate<Op>(d);
}

Handler select_group(Decoding& d) {
    if (d.opcode == 0x82 && d.long_mode()) return nullptr;
    static constexpr Select selects[8] = {
        select_immediate<Alu::add>,     select_immediate<Alu::bit_or>,  select_immediate<Alu::adc>,
        select_immediate<Alu::sbb>,     select_immediate<Alu::bit_and>, select_immediate<Alu::sub>,
        select_immediate<Alu::bit_xor>, select_immediate<Alu::cmp>,
    };
    return selects[d.reg](d);
}

Handler select_test(Decoding& d) {
    return by_width(width_by_opcode(d), [&d]<typename T>() -> Handler {
        if (sizeof(T) > 1 && same_register(d)) return step<test_same<T>>;
        return rm_source<T, test_register<T>>(d);
    });
}

Handler select_test_accumulator(Decoding& d) {
    use_accumulator(d);
    return select_test_immediate(d);
}

template <Alu Op>
void register_operation(OpcodeTable& table) {
    auto map = OpcodeMap::one_byte;
    u8 first = static_cast<u8>(static_cast<unsigned>(Op) << 3);
    table.set(map, first, true, Immediate::none, select_to_rm<Op>);
    table.set(map, first + 1, true, Immediate::none, select_to_rm<Op>);
    table.set(map, first + 2, true, Immediate::none, select_from_rm<Op>);
    table.set(map, first + 3, true, Immediate::none, select_from_rm<Op>);
    table.set(map, first + 4, false, Immediate::byte, select_accumulator<Op>);
    table.set(map, first + 5, false, Immediate::operand, select_accumulator<Op>);
}

}  // namespace

Handler select_test_immediate(Decoding& d) {
    return by_width(width_by_opcode(d),
                    [&d]<typename T>() -> Handler { return rm_source<T, test_immediate<T>>(d); });
}

void register_alu(OpcodeTable& table) {
    auto map = OpcodeMap::one_byte;
    register_operation<Alu::add>(table);
    register_operation<Alu::bit_or>(table);
    register_operation<Alu::adc>(table);
    register_operation<Alu::sbb>(table);
    register_operation<Alu::bit_and>(table);
    register_operation<Alu::sub>(table);
    register_operation<Alu::bit_xor>(table);
    register_operation<Alu::cmp>(table);
    table.set(map, 0x80, true, Immediate::byte, select_group);
    table.set(map, 0x81, true, Immediate::operand, select_group);
    table.set(map, 0x82, true, Immediate::byte, select_group);
    table.set(map, 0x83, true, Immediate::byte, select_group);
    table.set(map, 0x84, true, Immediate::none, select_test);
    table.set(map, 0x85, true, Immediate::none, select_test);
    table.set(map, 0xa8, false, Immediate::byte, select_test_accumulator);
    table.set(map, 0xa9, false, Immediate::operand, select_test_accumulator);
}

}  // namespace vmft::soft
