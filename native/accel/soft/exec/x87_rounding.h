#pragma once

#include "accel/soft/exec/x87_unit.h"

namespace vmft::soft::x87 {

using u128 = unsigned __int128;

/// (-1)^sign · mantissa · 2^(exponent - 127), the mantissa's top bit set: a value in [2^exponent,
/// 2^(exponent + 1)).
struct Wide {
    bool sign;
    i32 exponent;
    u128 mantissa;
};

/// The nearest 80-bit value by the control word's rounding (precision control does not apply to
/// what uses this). Adds overflow, underflow, precision and C1 to `status`. Unmasked overflow and
/// underflow wrap the exponent (SDM 1 8.5.4, 8.5.5).
Float80 rounded(u16 control, const Wide& value, u16& status);

/// As rounded(), for a result that counts as inexact whatever the bits say.
inline Float80 rounded_inexact(u16 control, const Wide& value, u16& status) {
    Float80 result = rounded(control, value, status);
    status |= precision;
    if (control & underflow && exponent_of(result) == 0) status |= underflow;
    return result;
}

/// A finite nonzero value, denormals normalized.
inline Wide widened(const Float80& value) {
    i32 exponent = static_cast<i32>(exponent_of(value)) - 16383 + (exponent_of(value) == 0);
    u64 mantissa = value.mantissa;
    int shift = __builtin_clzll(mantissa);
    return {sign_of(value), exponent - shift, static_cast<u128>(mantissa << shift) << 64};
}

}  // namespace vmft::soft::x87
