#pragma once

#include <type_traits>

#include "accel/soft/cpu.h"

/// Arithmetic flags, kept in a form that is cheap to set and cheap to ask:
///   lazy_result  the result, sign-extended to 64 bits: ZF, SF and PF come from it
///   lazy_aux     bit 63: carry out of the top bit (CF), bit 62: carry into it (OF = 63 ^ 62),
///                bit 3: carry out of bit 3 (AF), bits 8-15: xored into the result's low byte for
///                PF, bit 0: xored into the sign for SF
/// For subtraction the "carries" are borrows, so CF is right as it stands.
namespace vmft::soft {

inline constexpr u64 aux_carry = u64{1} << 63, aux_overflow = u64{1} << 62, aux_half = 8,
                     aux_sign = 1;

template <typename T>
inline u64 sign_extend(T value) {
    return static_cast<u64>(static_cast<i64>(static_cast<std::make_signed_t<T>>(value)));
}

template <typename T>
inline void set_flags_carries(Cpu& cpu, T result, T carries) {
    constexpr unsigned up = 64 - 8 * sizeof(T);
    cpu.lazy_result = sign_extend(result);
    cpu.lazy_aux =
        (static_cast<u64>(carries) << up & (aux_carry | aux_overflow)) | (carries & aux_half);
}

/// a + b (+ carry in) = result.
template <typename T>
inline void set_flags_add(Cpu& cpu, T a, T b, T result) {
    set_flags_carries<T>(cpu, result, static_cast<T>((a & b) | ((a | b) & ~result)));
}
/// a - b (- borrow in) = result.
template <typename T>
inline void set_flags_sub(Cpu& cpu, T a, T b, T result) {
    set_flags_carries<T>(cpu, result, static_cast<T>((~a & b) | ((~a | b) & result)));
}
/// AND, OR, XOR, TEST: CF = OF = 0; AF (undefined) = 0.
template <typename T>
inline void set_flags_logic(Cpu& cpu, T result) {
    cpu.lazy_result = sign_extend(result);
    cpu.lazy_aux = 0;
}

inline bool get_cf(const Cpu& cpu) { return cpu.lazy_aux >> 63; }
inline bool get_of(const Cpu& cpu) { return (cpu.lazy_aux ^ cpu.lazy_aux << 1) >> 63; }
inline bool get_af(const Cpu& cpu) { return cpu.lazy_aux >> 3 & 1; }
inline bool get_zf(const Cpu& cpu) { return cpu.lazy_result == 0; }
inline bool get_sf(const Cpu& cpu) { return (cpu.lazy_result >> 63) ^ (cpu.lazy_aux & aux_sign); }
inline bool get_pf(const Cpu& cpu) {
    return !__builtin_parity(static_cast<unsigned>((cpu.lazy_result ^ cpu.lazy_aux >> 8) & 0xff));
}

inline void set_cf(Cpu& cpu, bool on) {
    // OF = bit 63 ^ bit 62 must stay: flip both.
    if (get_cf(cpu) != on) cpu.lazy_aux ^= aux_carry | aux_overflow;
}
inline void set_of(Cpu& cpu, bool on) {
    if (get_of(cpu) != on) cpu.lazy_aux ^= aux_overflow;
}
inline void set_cf_of(Cpu& cpu, bool cf, bool of) {
    cpu.lazy_aux = (cpu.lazy_aux & ~(aux_carry | aux_overflow)) | (cf ? aux_carry : 0) |
                   (cf != of ? aux_overflow : 0);
}

/// The six arithmetic flags as rflags bits.
inline u64 arithmetic_flags(const Cpu& cpu) {
    return (get_cf(cpu) ? flag_cf : 0) | (get_pf(cpu) ? flag_pf : 0) | (get_af(cpu) ? flag_af : 0) |
           (get_zf(cpu) ? flag_zf : 0) | (get_sf(cpu) ? flag_sf : 0) | (get_of(cpu) ? flag_of : 0);
}
/// The lazy form of six flags given as rflags bits.
struct LazyFlags {
    u64 result, aux;
};
inline LazyFlags lazy_flags(u64 flags) {
    bool cf = flags & flag_cf, of = flags & flag_of, zf = flags & flag_zf, sf = flags & flag_sf;
    return {zf ? u64{0} : 0x100,  // sign clear, low byte zero (parity even)
            (cf ? aux_carry : 0) | (cf != of ? aux_overflow : 0) |
                (flags & flag_af ? aux_half : 0) | (flags & flag_pf ? 0 : 0x100) |
                (sf ? aux_sign : 0)};
}
/// Sets all six from rflags bits.
inline void set_arithmetic_flags(Cpu& cpu, u64 flags) {
    LazyFlags lazy = lazy_flags(flags);
    cpu.lazy_result = lazy.result;
    cpu.lazy_aux = lazy.aux;
}
inline u64 read_rflags(const Cpu& cpu) { return cpu.rflags | arithmetic_flags(cpu); }

/// Condition codes 0-15 as encoded in Jcc, SETcc, CMOVcc.
template <unsigned Code>
inline bool condition(const Cpu& cpu) {
    constexpr unsigned kind = Code >> 1;
    bool met;
    if constexpr (kind == 0)
        met = get_of(cpu);
    else if constexpr (kind == 1)
        met = get_cf(cpu);
    else if constexpr (kind == 2)
        met = get_zf(cpu);
    else if constexpr (kind == 3)
        met = get_cf(cpu) || get_zf(cpu);
    else if constexpr (kind == 4)
        met = get_sf(cpu);
    else if constexpr (kind == 5)
        met = get_pf(cpu);
    else if constexpr (kind == 6)
        met = get_sf(cpu) != get_of(cpu);
    else
        met = get_zf(cpu) || get_sf(cpu) != get_of(cpu);
    return met != (Code & 1);
}

}  // namespace vmft::soft
