#include <bit>

#include "accel/soft/exec/x87_functions.h"
#include "accel/soft/exec/x87_host.h"
#include "accel/soft/exec/x87_rounding.h"

namespace vmft::soft::x87 {
namespace {

Outcome invalid_operation() { return {indefinite, indefinite, invalid, true}; }

bool is_odd_operand(const Float80& value) { return is_nan(value) || is_unsupported(value); }

}  // namespace

Outcome remainder(u16 control, const Float80& dividend, const Float80& divisor, bool to_nearest) {
    Outcome outcome;
    if (is_odd_operand(dividend) || is_odd_operand(divisor)) {
        outcome.status = host_arithmetic<op_add>(control, dividend, divisor, outcome.value) &
                         invalid;  // the NaN rules
        return outcome;
    }
    if (is_infinity(dividend) || is_zero(divisor)) return invalid_operation();
    if (is_denormal(dividend) || is_denormal(divisor)) outcome.status = denormal;
    outcome.value = dividend;
    if (is_zero(dividend) || is_infinity(divisor)) return outcome;
    if (outcome.status & ~control) return outcome;

    Wide a = widened(dividend), b = widened(divisor);
    u64 modulus = static_cast<u64>(b.mantissa >> 64);
    u128 rest = a.mantissa >> 64;
    i32 difference = a.exponent - b.exponent;
    bool sign = a.sign;
    u64 quotient = 0;
    i32 steps = difference, unit = b.exponent;  // `rest` counts 2^(unit - 63)
    if (difference < 0) {
        if (!to_nearest || difference < -1) {
            quotient = 0;
            unit = a.exponent;
        } else {
            unit = a.exponent;  // half the divisor's unit: the divisor is 2 · modulus
            if (rest > modulus) {
                rest = 2 * static_cast<u128>(modulus) - rest;
                quotient = 1;
                sign = !sign;
            }
        }
    } else {
        // SDM 2 FPREM: far apart, the exponents' difference shrinks by 32 to 63 at a time.
        bool partial = difference >= 64;
        if (partial) {
            steps = (difference & 31) | 32;
            unit = b.exponent + difference - steps;
        }
        for (i32 i = 0; i <= steps; ++i) {
            quotient <<= 1;
            if (rest >= modulus) {
                rest -= modulus;
                quotient |= 1;
            }
            if (i < steps) rest <<= 1;
        }
        if (partial) {
            quotient = 0;
            outcome.status |= c2;
        } else if (to_nearest && (2 * rest > modulus || (2 * rest == modulus && quotient & 1))) {
            rest = modulus - rest;
            sign = !sign;
            ++quotient;
        }
    }
    if (quotient & 1) outcome.status |= c1;
    if (quotient & 2) outcome.status |= c3;
    if (quotient & 4) outcome.status |= c0;
    if (rest == 0) {
        outcome.value = signed_zero(a.sign);
        return outcome;
    }
    u16 rounding_status = 0;  // exact: only an unmasked underflow can come of it
    unsigned top = static_cast<u64>(rest >> 64)
                       ? 127 - static_cast<unsigned>(std::countl_zero(static_cast<u64>(rest >> 64)))
                       : 63 - static_cast<unsigned>(std::countl_zero(static_cast<u64>(rest)));
    outcome.value = rounded(control, {sign, unit - 63 + static_cast<i32>(top), rest << (127 - top)},
                            rounding_status);
    outcome.status |= rounding_status & exceptions;
    return outcome;
}

Outcome extract(u16, const Float80& value) {
    Outcome outcome;
    if (is_unsupported(value)) return invalid_operation();
    if (is_nan(value)) {
        outcome.value = outcome.second = quieted(value);
        if (is_signaling(value)) outcome.status = invalid;
        return outcome;
    }
    if (is_infinity(value)) {
        outcome.value = infinity(false);
        outcome.second = value;
        return outcome;
    }
    if (is_zero(value)) {
        outcome.value = infinity(true);
        outcome.second = value;
        outcome.status = zero_divide;
        return outcome;
    }
    if (is_denormal(value)) outcome.status = denormal;
    Wide wide = widened(value);
    outcome.second = {static_cast<u64>(wide.mantissa >> 64),
                      static_cast<u16>((wide.sign ? 0x8000 : 0) | 0x3fff)};
    u32 magnitude = static_cast<u32>(wide.exponent < 0 ? -wide.exponent : wide.exponent);
    if (magnitude == 0) {
        outcome.value = signed_zero(false);
    } else {
        unsigned shift = static_cast<unsigned>(std::countl_zero(static_cast<u64>(magnitude)));
        outcome.value = {
            static_cast<u64>(magnitude) << shift,
            static_cast<u16>((wide.exponent < 0 ? 0x8000 : 0) | (0x3fff + 63 - shift))};
    }
    return outcome;
}

}  // namespace vmft::soft::x87
