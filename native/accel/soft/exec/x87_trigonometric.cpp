#include <bit>

#include "accel/soft/exec/x87_functions.h"
#include "accel/soft/exec/x87_host.h"
#include "accel/soft/exec/x87_quad.h"

namespace vmft::soft::x87 {
namespace {

/// Operands that need no series. A denormal's exception is kept for the result's status.
bool special(u16 control, const Float80& value, Outcome& outcome) {
    if (is_unsupported(value) || is_infinity(value)) {
        outcome = {indefinite, indefinite, invalid, true};
    } else if (is_nan(value)) {
        outcome = {quieted(value), quieted(value),
                   static_cast<u16>(is_signaling(value) ? invalid : 0), true};
    } else if (!is_zero(value) && exponent_of(value) >= 16383 + 63) {
        outcome = {value, value, c2, false};
    } else if (is_denormal(value)) {
        outcome.status = denormal;
        return !(control & denormal);
    } else {
        return is_zero(value);
    }
    return true;
}

/// sin and cos of |value|, each exact to far below the last place.
struct Angle {
    Wide sine, cosine;
};

/// value mod π/2 with the π of 66 bits that SDM 1 8.3.8 defines: exact in integers, so that no
/// other hardware's reduction differs.
[[gnu::noinline]] Angle angle_of(const Wide& value) {
    QuadArithmetic guard;
    constexpr u128 half_pi = static_cast<u128>(0xc9) << 60 | 0x0fdaa22168c234c;  // in 2^-67
    unsigned quadrant = 0;
    bool negative = false;
    quad rest;
    if (value.exponent < -50) {
        // sin x is just below x: one unit of the 128-bit mantissa stands for x³/6.
        return {{false, value.exponent, value.mantissa - 1}, {false, -1, ~static_cast<u128>(0)}};
    }
    if (value.exponent < -1) {
        rest = to_quad(value);
    } else {
        u128 r = value.mantissa >> 64;
        for (i32 i = value.exponent + 4; i > 0; --i) {
            r <<= 1;
            quadrant <<= 1;
            if (r >= half_pi) {
                r -= half_pi;
                quadrant |= 1;
            }
        }
        if (2 * r > half_pi) {
            r = half_pi - r;
            negative = true;
            ++quadrant;
        }
        u64 high = static_cast<u64>(r >> 64);
        unsigned top = high ? 127 - static_cast<unsigned>(std::countl_zero(high))
                            : 63 - static_cast<unsigned>(std::countl_zero(static_cast<u64>(r)));
        rest = to_quad({false, static_cast<i32>(top) - 67, r << (127 - top)});
    }
    Wide s = from_quad(sine_series(rest)), c = from_quad(cosine_series(rest));
    s.sign = negative;
    // Rotate by the quadrant: (s, c) → (c, -s) …
    for (unsigned i = 0; i < (quadrant & 3); ++i) {
        Wide turned = s;
        turned.sign = !turned.sign;
        s = c;
        c = turned;
    }
    return {s, c};
}

Wide with_sign(Wide value, bool flip) {
    value.sign ^= flip;
    return value;
}

[[gnu::noinline]] Wide quotient(const Wide& a, const Wide& b) {
    QuadArithmetic guard;
    Wide result = from_quad(to_quad({false, 0, a.mantissa}) / to_quad({false, 0, b.mantissa}));
    result.exponent += a.exponent - b.exponent;
    result.sign = a.sign != b.sign;
    return result;
}

}  // namespace

Outcome sine(u16 control, const Float80& value) {
    Outcome outcome;
    outcome.value = value;
    if (special(control, value, outcome)) return outcome;
    Wide operand = widened(value);
    outcome.value =
        rounded_inexact(control, with_sign(angle_of(operand).sine, operand.sign), outcome.status);
    return outcome;
}

Outcome cosine(u16 control, const Float80& value) {
    Outcome outcome;
    outcome.value = one;
    if (special(control, value, outcome)) return outcome;
    outcome.value = rounded_inexact(control, angle_of(widened(value)).cosine, outcome.status);
    return outcome;
}

Outcome sine_and_cosine(u16 control, const Float80& value) {
    Outcome outcome;
    outcome.value = value;
    outcome.second = one;
    if (special(control, value, outcome)) return outcome;
    Wide operand = widened(value);
    Angle angle = angle_of(operand);
    outcome.value = rounded_inexact(control, with_sign(angle.sine, operand.sign), outcome.status);
    outcome.status = static_cast<u16>(outcome.status & ~c1);  // C1 tells of the value stored last
    outcome.second = rounded_inexact(control, angle.cosine, outcome.status);
    return outcome;
}

Outcome tangent(u16 control, const Float80& value) {
    Outcome outcome;
    outcome.value = value;
    outcome.second = one;
    if (special(control, value, outcome)) {
        if (outcome.status & invalid || is_nan(value)) outcome.second = outcome.value;
        return outcome;
    }
    Wide operand = widened(value);
    Wide result;
    if (operand.exponent < -50) {
        result = {false, operand.exponent, operand.mantissa + 1};  // just above x
    } else {
        Angle angle = angle_of(operand);
        result = quotient(angle.sine, angle.cosine);
    }
    outcome.value = rounded_inexact(control, with_sign(result, operand.sign), outcome.status);
    return outcome;
}

Outcome arctangent(u16 control, const Float80& x, const Float80& y) {
    Outcome outcome;
    if (is_nan(x) || is_unsupported(x) || is_nan(y) || is_unsupported(y)) {
        outcome.status = host_arithmetic<op_add>(control, y, x, outcome.value) & invalid;
        return outcome;
    }
    if (is_denormal(x) || is_denormal(y)) {
        outcome.status = denormal;
        if (!(control & denormal)) return outcome;
    }
    bool sign = sign_of(y), left = sign_of(x);
    QuadArithmetic guard;
    quad angle;
    if (is_infinity(y)) {
        angle = is_infinity(x) ? pi() * (left ? 3 : 1) / 4 : pi() / 2;
    } else if (is_infinity(x) || is_zero(y)) {
        if (!left) {
            outcome.value = signed_zero(sign);
            return outcome;
        }
        angle = pi();
    } else if (is_zero(x)) {
        angle = pi() / 2;
    } else {
        Wide wide_x = widened(x), wide_y = widened(y);
        i32 difference = wide_y.exponent - wide_x.exponent;
        if (difference < -70 && !left) {
            // atan z is just below z.
            Wide ratio = quotient(wide_y, wide_x);
            ratio.sign = sign;
            --ratio.mantissa;
            if (!(ratio.mantissa >> 127)) ratio = {sign, ratio.exponent - 1, ~static_cast<u128>(0)};
            outcome.value = rounded_inexact(control, ratio, outcome.status);
            return outcome;
        }
        if (difference < -120) {
            angle = pi();
        } else if (difference > 120) {
            angle = pi() / 2;
        } else {
            quad a = to_quad({false, 0, wide_x.mantissa}),
                 b = to_quad({false, difference, wide_y.mantissa});
            angle = b > a ? pi() / 2 - arctangent_series(a / b) : arctangent_series(b / a);
            if (left) angle = pi() - angle;
        }
    }
    Wide result = from_quad(angle);
    result.sign = sign;
    outcome.value = rounded_inexact(control, result, outcome.status);
    return outcome;
}

}  // namespace vmft::soft::x87
