#pragma once

#include "accel/soft/flags.h"

/// Shifts and rotates with their flags (SDM 2B, SAL/SAR/SHL/SHR and RCL/RCR/ROL/ROR). Where the SDM
/// leaves OF undefined (counts above 1), it is computed as for a count of 1, from the result; AF
/// after a shift is 0.
namespace vmft::soft {

/// In the encoding's order; /6 is an undocumented twin of SHL.
enum class Shift : u8 { rol, ror, rcl, rcr, shl, shr, sal, sar };

template <typename T>
inline constexpr unsigned bits_of = 8 * sizeof(T);
template <typename T>
inline bool top_bit(T value) {
    return value >> (bits_of<T> - 1) & 1;
}
template <typename T>
inline bool second_bit(T value) {
    return value >> (bits_of<T> - 2) & 1;
}

template <typename T>
inline void set_flags_shift(Cpu& cpu, T result, bool cf, bool of) {
    cpu.lazy_result = sign_extend(result);
    cpu.lazy_aux = (cf ? aux_carry : 0) | (cf != of ? aux_overflow : 0);
}

/// `count` is already masked to 5 bits (6 for 64-bit operands) and not 0.
template <Shift Op, typename T>
inline T shift(Cpu& cpu, T a, unsigned count) {
    constexpr unsigned bits = bits_of<T>;
    u64 wide = a;
    if constexpr (Op == Shift::shl || Op == Shift::sal) {
        T result = static_cast<T>(wide << count);
        bool cf = count <= bits && (wide >> (bits - count) & 1);
        set_flags_shift<T>(cpu, result, cf, cf != top_bit(result));
        return result;
    } else if constexpr (Op == Shift::shr) {
        T result = static_cast<T>(wide >> count);
        set_flags_shift<T>(cpu, result, wide >> (count - 1) & 1,
                           top_bit(result) != second_bit(result));
        return result;
    } else if constexpr (Op == Shift::sar) {
        i64 extended = static_cast<i64>(sign_extend(a));
        T result = static_cast<T>(extended >> count);
        set_flags_shift<T>(cpu, result, extended >> (count - 1) & 1, false);
        return result;
    } else if constexpr (Op == Shift::rol) {
        unsigned by = count & (bits - 1);
        T result = by ? static_cast<T>(wide << by | wide >> (bits - by)) : a;
        bool cf = result & 1;
        set_cf_of(cpu, cf, cf != top_bit(result));
        return result;
    } else if constexpr (Op == Shift::ror) {
        unsigned by = count & (bits - 1);
        T result = by ? static_cast<T>(wide >> by | wide << (bits - by)) : a;
        set_cf_of(cpu, top_bit(result), top_bit(result) != second_bit(result));
        return result;
    } else {
        unsigned by = bits < 32 ? count % (bits + 1) : count;
        if (by == 0) return a;
        u64 carry = get_cf(cpu);
        T result;
        if constexpr (Op == Shift::rcl) {
            result = static_cast<T>(wide << by | carry << (by - 1) |
                                    (by > 1 ? wide >> (bits + 1 - by) : 0));
            bool cf = wide >> (bits - by) & 1;
            set_cf_of(cpu, cf, cf != top_bit(result));
        } else {
            result = static_cast<T>((by < bits ? wide >> by : 0) | carry << (bits - by) |
                                    (by > 1 ? wide << (bits + 1 - by) : 0));
            set_cf_of(cpu, wide >> (by - 1) & 1, top_bit(result) != second_bit(result));
        }
        return result;
    }
}

/// SHLD: `a` shifted left, filled from the top of `b`. A 16-bit shift by more than 16 goes on with
/// `a` again, as Intel's CPUs do.
template <typename T>
inline T shift_left_double(Cpu& cpu, T a, T b, unsigned count) {
    constexpr unsigned bits = bits_of<T>;
    T result;
    bool cf;
    if constexpr (bits == 16) {
        u64 line = u64{a} << 32 | u64{b} << 16 | a;
        result = static_cast<T>(line >> (32 - count));
        cf = line >> (48 - count) & 1;
    } else {
        result = static_cast<T>(a << count | b >> (bits - count));
        cf = a >> (bits - count) & 1;
    }
    set_flags_shift<T>(cpu, result, cf, cf != top_bit(result));
    return result;
}

/// SHRD: `a` shifted right, filled from the bottom of `b`.
template <typename T>
inline T shift_right_double(Cpu& cpu, T a, T b, unsigned count) {
    constexpr unsigned bits = bits_of<T>;
    T result;
    bool cf;
    if constexpr (bits == 16) {
        u64 line = u64{a} << 32 | u64{b} << 16 | a;
        result = static_cast<T>(line >> count);
        cf = line >> (count - 1) & 1;
    } else {
        result = static_cast<T>(a >> count | b << (bits - count));
        cf = a >> (count - 1) & 1;
    }
    set_flags_shift<T>(cpu, result, cf, top_bit(result) != second_bit(result));
    return result;
}

}  // namespace vmft::soft
