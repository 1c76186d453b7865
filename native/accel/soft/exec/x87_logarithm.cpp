#include "accel/soft/exec/x87_functions.h"
#include "accel/soft/exec/x87_host.h"
#include "accel/soft/exec/x87_quad.h"

namespace vmft::soft::x87 {
namespace {

Outcome invalid_operation() { return {indefinite, indefinite, invalid, true}; }

bool odd_operands(u16 control, const Float80& value, const Float80& factor, Outcome& outcome) {
    if (!is_nan(value) && !is_unsupported(value) && !is_nan(factor) && !is_unsupported(factor))
        return false;
    outcome.status = host_arithmetic<op_add>(control, factor, value, outcome.value) & invalid;
    return true;
}

/// log2 of a positive value; zero only for 1.
quad log2_of(const Wide& value) {
    i32 exponent = value.exponent;
    quad mantissa = to_quad({false, 0, value.mantissa});
    if (static_cast<u64>(value.mantissa >> 64) >
        0xb504f333f9de6484) {  // √2: halve, for a mantissa near 1
        mantissa = mantissa / 2;
        ++exponent;
    }
    return exponent + 2 * half_log2_ratio((mantissa - 1) / (mantissa + 1));
}

/// factor · log, a nonzero logarithm, rounded.
void scale_by(u16 control, const Float80& factor, quad log, i32 log_exponent, Outcome& outcome) {
    Wide wide = widened(factor);
    quad product = to_quad({false, 0, wide.mantissa}) * log;
    Wide result = from_quad(product);
    result.exponent += wide.exponent + log_exponent;
    result.sign ^= wide.sign;
    outcome.value = rounded_inexact(
        control, result,
        outcome.status);  // even where the logarithm is exact, as on real processors
}

}  // namespace

Outcome power_minus_one(u16 control, const Float80& value) {
    Outcome outcome;
    outcome.value = value;
    if (is_unsupported(value)) return invalid_operation();
    if (is_nan(value)) {
        outcome.value = quieted(value);
        if (is_signaling(value)) outcome.status = invalid;
        return outcome;
    }
    if (is_infinity(value)) {
        if (sign_of(value))
            outcome.value = {one.mantissa, static_cast<u16>(one.sign_exponent | 0x8000)};
        return outcome;
    }
    if (is_zero(value)) return outcome;
    if (is_denormal(value)) {
        outcome.status = denormal;
        if (!(control & denormal)) return outcome;
    }
    Wide wide = widened(value);
    if (wide.exponent >= 0) {
        // ±1 are exact; beyond them the manual defines nothing: the operand stays, as on real
        // processors.
        outcome.status |= precision;
        if (wide.exponent == 0 && wide.mantissa << 1 == 0 && wide.sign)
            outcome.value = {one.mantissa, 0xbffe};
        return outcome;
    }
    QuadArithmetic guard;
    Wide result;
    if (wide.exponent < -200) {
        result = from_quad(to_quad({false, 0, wide.mantissa}) / log2_of_e());
        result.exponent += wide.exponent;
        result.sign = wide.sign;
    } else {
        quad x = to_quad(wide);
        result = from_quad(power_series(wide.sign ? -x : x));
    }
    outcome.value = rounded_inexact(control, result, outcome.status);
    return outcome;
}

Outcome logarithm(u16 control, const Float80& value, const Float80& factor) {
    Outcome outcome;
    if (odd_operands(control, value, factor, outcome)) return outcome;
    bool value_is_one = value.sign_exponent == one.sign_exponent && value.mantissa == one.mantissa;
    bool below_one = exponent_of(value) < 0x3fff;
    if (is_zero(value)) {
        if (is_zero(factor)) return invalid_operation();
        outcome.value = infinity(!sign_of(factor));
        if (!is_infinity(factor))
            outcome.status = zero_divide;
        else if (is_denormal(factor))
            outcome.status = denormal;
        return outcome;
    }
    if (sign_of(value)) return invalid_operation();
    if (is_infinity(value)) {
        if (is_zero(factor)) return invalid_operation();
        outcome.value = infinity(sign_of(factor));
        if (is_denormal(factor)) outcome.status = denormal;
        return outcome;
    }
    if (is_infinity(factor)) {
        if (value_is_one) return invalid_operation();
        outcome.value = infinity(sign_of(factor) != below_one);
        if (is_denormal(value)) outcome.status = denormal;
        return outcome;
    }
    if (is_denormal(value) || is_denormal(factor)) {
        outcome.status = denormal;
        if (!(control & denormal)) return outcome;
    }
    if (is_zero(factor) || value_is_one) {
        outcome.value = signed_zero(sign_of(factor) != (below_one && !value_is_one));
        return outcome;
    }
    QuadArithmetic guard;
    Wide wide = widened(value);
    scale_by(control, factor, log2_of(wide), 0, outcome);
    return outcome;
}

Outcome logarithm_plus_one(u16 control, const Float80& value, const Float80& factor) {
    Outcome outcome;
    if (odd_operands(control, value, factor, outcome)) return outcome;
    bool sign = sign_of(value) != sign_of(factor);
    if (is_infinity(value)) {
        if (sign_of(value) || is_zero(factor)) return invalid_operation();
        outcome.value = infinity(sign);
        if (is_denormal(factor)) outcome.status = denormal;
        return outcome;
    }
    if (is_infinity(factor)) {
        if (is_zero(value)) return invalid_operation();
        outcome.value = infinity(sign);
        if (is_denormal(value)) outcome.status = denormal;
        return outcome;
    }
    if (is_denormal(value) || is_denormal(factor)) {
        outcome.status = denormal;
        if (!(control & denormal)) return outcome;
    }
    if (is_zero(value) || is_zero(factor)) {
        outcome.value = signed_zero(sign);
        return outcome;
    }
    Wide wide = widened(value);
    // The manual's range ends at ±(1 - √½); from -1 downwards there is no logarithm at all and the
    // operand stays.
    if (wide.sign && wide.exponent >= 0) {
        outcome.value = value;
        outcome.status |= precision;
        return outcome;
    }
    QuadArithmetic guard;
    if (wide.exponent < -200) {
        quad log = to_quad({false, 0, wide.mantissa}) * log2_of_e();
        scale_by(control, factor, wide.sign ? -log : log, wide.exponent, outcome);
    } else {
        quad log;
        quad x = wide.exponent > 200 ? quad{0} : to_quad(wide);
        if (wide.sign) x = -x;
        if (wide.exponent > 200)
            log = log2_of(wide);
        else if (wide.exponent < -2)
            log = 2 * half_log2_ratio(x / (2 + x));
        else
            log = log2_of(from_quad(1 + x));
        scale_by(control, factor, log, 0, outcome);
    }
    return outcome;
}

}  // namespace vmft::soft::x87
