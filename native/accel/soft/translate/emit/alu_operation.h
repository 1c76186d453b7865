#pragma once

#include <utility>

#include "accel/soft/exec/integer_alu.h"
#include "accel/soft/translate/emit/operands.h"

/// The eight operations of opcodes 00-3F and 80-83.
namespace vmft::soft {

template <typename Source>
void operate(Emitter& e, Alu op, const Xbyak::Operand& target, const Source& source) {
    switch (op) {
    case Alu::add: e.add(target, source); break;
    case Alu::bit_or: e.or_(target, source); break;
    case Alu::adc: e.adc(target, source); break;
    case Alu::sbb: e.sbb(target, source); break;
    case Alu::bit_and: e.and_(target, source); break;
    case Alu::sub: e.sub(target, source); break;
    case Alu::bit_xor: e.xor_(target, source); break;
    case Alu::cmp: e.cmp(target, source); break;
    }
}

/// Calls `each.operator()<Op>()` for all eight, in the order of their numbers.
template <typename Each>
void for_each_alu(Each each) {
    [&]<unsigned... Number>(std::integer_sequence<unsigned, Number...>) {
        (each.template operator()<static_cast<Alu>(Number)>(), ...);
    }
    (std::make_integer_sequence<unsigned, 8>());
}

inline bool uses_carry(Alu op) { return op == Alu::adc || op == Alu::sbb; }

inline u32 flag_traits(Alu op) { return uses_carry(op) ? reads_flags | sets_flags : sets_flags; }

/// The memory operand; for ADC and SBB with the guest's carry in the host's flags.
inline HostAddress operand_for(Emitter& e, Alu op, bool written, unsigned bytes) {
    if (uses_carry(op)) e.save_flags();
    HostAddress address = e.memory(written ? Emitter::Access::write : Emitter::Access::read, bytes);
    if (uses_carry(op)) e.load_host_flags();
    return address;
}

}  // namespace vmft::soft
