#pragma once

#include "accel/soft/exec/x87_unit.h"

/// The operations whose results the manuals leave to the implementation, or that
/// are exact and simplest in integers: the same on every host, because only integer arithmetic and
/// quadruple-precision addition, multiplication and division (integer code of the compiler's
/// library) are used.
///
/// Operands are never empty. Each function gives the values for the stack and the exceptions (with
/// C1 where a result was rounded up, C0-C3 where the instruction defines them). `done` is false
/// when nothing but the flags may change: an unmasked exception, or an operand out of range (C2).
namespace vmft::soft::x87 {

struct Outcome {
    Float80 value;   ///< Replaces the (last remaining) operand.
    Float80 second;  ///< Where two values result: the one that is pushed.
    u16 status = 0;  ///< Exceptions and codes.
    bool done = true;
};

Outcome remainder(u16 control, const Float80& dividend, const Float80& divisor,
                  bool to_nearest);                  // FPREM, FPREM1
Outcome extract(u16 control, const Float80& value);  // FXTRACT

Outcome power_minus_one(u16 control, const Float80& value);  // F2XM1
Outcome logarithm(u16 control, const Float80& value,
                  const Float80& factor);  // FYL2X: factor · log2(value)
Outcome logarithm_plus_one(u16 control, const Float80& value, const Float80& factor);
Outcome arctangent(u16 control, const Float80& x, const Float80& y);  // FPATAN: y / x
Outcome sine(u16 control, const Float80& value);
Outcome cosine(u16 control, const Float80& value);
Outcome sine_and_cosine(u16 control, const Float80& value);  // second: the cosine
Outcome tangent(u16 control, const Float80& value);          // second: 1

}  // namespace vmft::soft::x87
