#include "accel/soft/exec/x87_rounding.h"

namespace vmft::soft::x87 {
namespace {

constexpr i32 exponent_bias = 16383, exponent_wrap = 24576;
enum RoundingControl : unsigned { to_nearest, down, up, toward_zero };

struct Rounded {
    u64 mantissa;
    bool carried, inexact, raised;
};

Rounded round_to_64(unsigned control, bool sign, u128 mantissa) {
    u64 high = static_cast<u64>(mantissa >> 64), low = static_cast<u64>(mantissa);
    constexpr u64 half = u64{1} << 63;
    bool raise = false;
    switch (control >> 10 & 3) {
    case to_nearest: raise = low > half || (low == half && high & 1); break;
    case down: raise = sign && low; break;
    case up: raise = !sign && low; break;
    default: break;
    }
    Rounded result{high + raise, raise && high == ~u64{0}, low != 0, raise};
    if (result.carried) result.mantissa = half;
    return result;
}

Float80 overflowed(u16 control, bool sign, u16& status) {
    status |= overflow | precision;
    unsigned rounding = control >> 10 & 3;
    bool to_infinity = rounding == to_nearest || rounding == (sign ? down : up);
    if (!to_infinity) return {~u64{0}, static_cast<u16>(sign ? 0xfffe : 0x7ffe)};
    status |= c1;
    return infinity(sign);
}

}  // namespace

Float80 rounded(u16 control, const Wide& value, u16& status) {
    Rounded normal = round_to_64(control, value.sign, value.mantissa);
    i32 exponent = value.exponent + exponent_bias + normal.carried;
    u16 sign_bit = value.sign ? 0x8000 : 0;
    if (exponent > 0x7ffe) {
        if (control & overflow) return overflowed(control, value.sign, status);
        status |= overflow;
        exponent -= exponent_wrap;
        if (exponent > 0x7ffe) return overflowed(control, value.sign, status);
    } else if (exponent < 1) {
        if (control & underflow) {
            // Denormal: round once, at the place the format has left (shift is at least 1).
            unsigned shift = static_cast<unsigned>(1 - (value.exponent + exponent_bias));
            u128 shifted = shift > 127
                               ? 1
                               : (value.mantissa >> shift) | (value.mantissa << (128 - shift) != 0);
            Rounded tiny = round_to_64(control, value.sign, shifted);
            if (tiny.inexact) status |= underflow | precision;
            if (tiny.raised) status |= c1;
            return {tiny.mantissa, static_cast<u16>(sign_bit | (tiny.mantissa >> 63))};
        }
        status |= underflow;
        exponent += exponent_wrap;
        if (exponent < 1) return signed_zero(value.sign);
    }
    if (normal.inexact) status |= precision;
    if (normal.raised) status |= c1;
    return {normal.mantissa, static_cast<u16>(sign_bit | exponent)};
}

}  // namespace vmft::soft::x87
