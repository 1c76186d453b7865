#include "accel/soft/exec/sse_table.h"

/// RCPPS, RCPSS, RSQRTPS, RSQRTSS. Processors differ in the low bits of these approximations, so
/// they are computed here in integers: correct to 13 bits of significand where the SDM asks for a
/// relative error below 1.5 * 2^-12. They raise no exceptions and look at nothing in MXCSR:
/// denormal operands count as zeros, denormal results become zeros.
namespace vmft::soft {

namespace {

constexpr u32 sign_bit = 0x8000'0000, infinity = 0x7f80'0000, quiet_bit = 0x0040'0000,
              default_nan = 0xffc0'0000;
constexpr u32 fraction_mask = 0x007f'ffff, implied_one = 0x0080'0000;
constexpr int exponent_bias = 127;

/// A float of significand `significand` / 2^12 (2^12 … 2^13) and biased exponent; tiny ones become
/// zero.
u32 assemble(u32 sign, u32 significand, int biased_exponent) {
    if (significand == 1 << 13) {
        significand >>= 1;
        biased_exponent++;
    }
    if (biased_exponent <= 0) return sign;
    return sign | static_cast<u32>(biased_exponent) << 23 | (significand & 0xfff) << 11;
}

u32 reciprocal(u32 x) {
    const u32 sign = x & sign_bit, magnitude = x & ~sign_bit;
    if (magnitude > infinity) return x | quiet_bit;
    if (magnitude == infinity) return sign;
    if (magnitude < implied_one) return sign | infinity;
    const u64 significand = (x & fraction_mask) | implied_one;
    const int biased = static_cast<int>(magnitude >> 23);
    // 2 / 1.f, in (1, 2], with 12 fraction bits.
    const u64 quotient = ((u64{1} << 36) + significand / 2) / significand;
    return assemble(sign, static_cast<u32>(quotient), 2 * exponent_bias - 1 - biased);
}

u32 integer_root(u32 square) {
    u32 root = 0;
    for (u32 bit = 1 << 14; bit; bit >>= 1)
        if ((root | bit) * (root | bit) <= square) root |= bit;
    return root;
}

u32 reciprocal_root(u32 x) {
    const u32 sign = x & sign_bit, magnitude = x & ~sign_bit;
    if (magnitude > infinity) return x | quiet_bit;
    if (magnitude < implied_one) return sign | infinity;
    if (sign) return default_nan;
    if (magnitude == infinity) return 0;
    u64 significand = (x & fraction_mask) | implied_one;
    int exponent = static_cast<int>(magnitude >> 23) - exponent_bias;
    if (exponent & 1) {
        significand <<= 1;
        exponent--;
    }
    // x = m * 2^exponent with m in [1, 4) and 23 fraction bits; 2 / sqrt(m), in (1, 2], gets 12
    // fraction bits and one to round.
    const u32 twice = integer_root(static_cast<u32>((u64{1} << 51) / significand));
    return assemble(0, (twice + 1) >> 1, exponent_bias - 1 - exponent / 2);
}

template <u32 (*function)(u32)>
struct Approximation {
    static constexpr auto packed = [](V, V b) {
        return _mm_setr_epi32(
            static_cast<int>(function(static_cast<u32>(_mm_extract_epi32(b, 0)))),
            static_cast<int>(function(static_cast<u32>(_mm_extract_epi32(b, 1)))),
            static_cast<int>(function(static_cast<u32>(_mm_extract_epi32(b, 2)))),
            static_cast<int>(function(static_cast<u32>(_mm_extract_epi32(b, 3)))));
    };
    static constexpr auto scalar = [](V a, V b) {
        return _mm_insert_epi32(
            a, static_cast<int>(function(static_cast<u32>(_mm_cvtsi128_si32(b)))), 0);
    };
};

}  // namespace

void add_sse_approximations(SseTable& table) {
    table.packed(np_0f(0x52), Approximation<reciprocal_root>::packed);              // RSQRTPS
    table.packed<xmm_dword>(pf3_0f(0x52), Approximation<reciprocal_root>::scalar);  // RSQRTSS
    table.packed(np_0f(0x53), Approximation<reciprocal>::packed);                   // RCPPS
    table.packed<xmm_dword>(pf3_0f(0x53), Approximation<reciprocal>::scalar);       // RCPSS
}

}  // namespace vmft::soft
