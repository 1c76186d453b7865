#pragma once

#include <xmmintrin.h>

#include "accel/soft/exec/x87_rounding.h"

/// Quadruple precision (113 bits), of which only + - * / are used: the
/// compiler's library computes them with integers, alike on every host.
namespace vmft::soft::x87 {

using quad = __float128;

/// mantissa_high:mantissa_low · 2^(exponent - 127); the top bit set, the last 15 bits lost.
inline quad quad_constant(i32 exponent, u64 mantissa_high, u64 mantissa_low) {
    u128 mantissa = static_cast<u128>(mantissa_high) << 64 | mantissa_low;
    u128 bits =
        static_cast<u128>(static_cast<u32>(exponent + 16383)) << 112 | (mantissa << 1 >> 16);
    return __builtin_bit_cast(quad, bits);
}
/// |value|, exponents well inside the range.
inline quad to_quad(const Wide& value) {
    return quad_constant(value.exponent, static_cast<u64>(value.mantissa >> 64),
                         static_cast<u64>(value.mantissa));
}
/// Normal and not zero.
inline Wide from_quad(quad value) {
    u128 bits = __builtin_bit_cast(u128, value);
    return {static_cast<bool>(bits >> 127), static_cast<i32>(bits >> 112 & 0x7fff) - 16383,
            (bits << 15) | static_cast<u128>(1) << 127};
}

/// While it lives, quadruple operations round to nearest and their flags do not reach the guest's
/// MXCSR, which the host register holds.
class QuadArithmetic {
public:
    QuadArithmetic() : saved_(_mm_getcsr()) { _mm_setcsr(0x1f80); }
    ~QuadArithmetic() { _mm_setcsr(saved_); }
    QuadArithmetic(const QuadArithmetic&) = delete;
    QuadArithmetic& operator=(const QuadArithmetic&) = delete;

private:
    unsigned saved_;
};

// The series, x87_series.cpp. Call under a QuadArithmetic.
quad pi();
quad log2_of_e();
quad sine_series(quad x);        ///< |x| ≤ π/4
quad cosine_series(quad x);      ///< |x| ≤ π/4
quad arctangent_series(quad x);  ///< 0 ≤ x ≤ 1
quad power_series(quad x);       ///< 2^x - 1, |x| ≤ 1
quad half_log2_ratio(quad s);    ///< log2((1 + s) / (1 - s)) / 2, |s| ≤ 0.21

}  // namespace vmft::soft::x87
