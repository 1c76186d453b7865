#pragma once

#include "accel/soft/flags.h"

namespace vmft::soft {

/// The eight operations of opcodes 00-3F and 80-83, in their encoding's order.
enum class Alu : u8 { add, bit_or, adc, sbb, bit_and, sub, bit_xor, cmp };

/// The result, with all six flags set. AF after a logical operation (undefined) is 0.
template <Alu Op, typename T>
inline T alu(Cpu& cpu, T a, T b) {
    T result;
    if constexpr (Op == Alu::add || Op == Alu::adc) {
        T carry = Op == Alu::adc ? static_cast<T>(get_cf(cpu)) : T{0};
        result = static_cast<T>(a + b + carry);
        set_flags_add<T>(cpu, a, b, result);
    } else if constexpr (Op == Alu::sub || Op == Alu::sbb || Op == Alu::cmp) {
        T borrow = Op == Alu::sbb ? static_cast<T>(get_cf(cpu)) : T{0};
        result = static_cast<T>(a - b - borrow);
        set_flags_sub<T>(cpu, a, b, result);
    } else {
        if constexpr (Op == Alu::bit_or)
            result = a | b;
        else if constexpr (Op == Alu::bit_and)
            result = a & b;
        else
            result = a ^ b;
        set_flags_logic<T>(cpu, result);
    }
    return result;
}

/// INC and DEC: as ADD and SUB of 1, but CF stays.
template <typename T, bool Down>
inline T increment(Cpu& cpu, T a) {
    u64 before = cpu.lazy_aux;
    T result = static_cast<T>(Down ? a - 1 : a + 1);
    if constexpr (Down)
        set_flags_sub<T>(cpu, a, 1, result);
    else
        set_flags_add<T>(cpu, a, 1, result);
    // Both carry bits flip together, so that OF (their difference) stays the new one.
    u64 differ = (before ^ cpu.lazy_aux) & aux_carry;
    cpu.lazy_aux ^= differ | differ >> 1;
    return result;
}

template <typename T>
inline T negate(Cpu& cpu, T a) {
    T result = static_cast<T>(0 - a);
    set_flags_sub<T>(cpu, 0, a, result);
    return result;
}

}  // namespace vmft::soft
