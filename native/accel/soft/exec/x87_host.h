#pragma once

#include "accel/soft/exec/x87_unit.h"

/// Operations the host's x87 unit does for the guest's. The manuals define
/// their results to the last bit, so every host agrees; what they leave open (the transcendentals)
/// is computed in x87_functions.cpp instead.
///
/// Each runs under the guest's control word, unmasked exceptions included: the host then
/// leaves operands, wraps exponents and rounds as the guest expects, and because only non-waiting
/// instructions follow until FNCLEX, it never traps. The unit is handed back as
/// the ABI wants it: empty, with control word 37F.
namespace vmft::soft::x87 {

#define VMFT_X87_CLOBBERS "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)"

/// The arithmetic instructions in the order of ModRM.reg (FCOM and FCOMP are 2 and 3).
enum Arithmetic : u8 {
    op_add,
    op_mul,
    op_compare,
    op_compare_pop,
    op_subtract,
    op_subtract_reversed,
    op_divide,
    op_divide_reversed
};

/// ST0 = value, then LINE with %[source] as memory operand, then ST0 into result. Returns the
/// status word.
#define VMFT_X87_OPERATION(LINE, SOURCE)                                                           \
    do {                                                                                           \
        u16 status_word;                                                                           \
        asm volatile("fninit\n\tfldt %[value]\n\tfldcw %[control]\n\t" LINE                        \
                     "\n\tfnstsw %[status]\n\tfnclex\n\tfstpt %[result]\n\tfninit"                 \
                     : [status] "=m"(status_word), [result] "=m"(result)                           \
                     : [value] "m"(value), [control] "m"(control), [source] "m"(SOURCE)            \
                     : VMFT_X87_CLOBBERS);                                                         \
        return status_word;                                                                        \
    } while (false)
/// The same with %[source], an 80-bit value, in ST1.
#define VMFT_X87_OPERATION2(LINE, SOURCE)                                                          \
    do {                                                                                           \
        u16 status_word;                                                                           \
        asm volatile("fninit\n\tfldt %[source]\n\tfldt %[value]\n\tfldcw %[control]\n\t" LINE      \
                     "\n\tfnstsw %[status]\n\tfnclex\n\tfstpt %[result]\n\tfninit"                 \
                     : [status] "=m"(status_word), [result] "=m"(result)                           \
                     : [value] "m"(value), [control] "m"(control), [source] "m"(SOURCE)            \
                     : VMFT_X87_CLOBBERS);                                                         \
        return status_word;                                                                        \
    } while (false)

/// value Op source → result; the reversed ones: source Op value. Status word of the host.
template <u8 Op>
inline u16 host_arithmetic(u16 control, const Float80& value, const Float80& source,
                           Float80& result) {
    if constexpr (Op == op_add)
        VMFT_X87_OPERATION2("fadd %%st(1), %%st", source);
    else if constexpr (Op == op_mul)
        VMFT_X87_OPERATION2("fmul %%st(1), %%st", source);
    else if constexpr (Op == op_subtract)
        VMFT_X87_OPERATION2("fsub %%st(1), %%st", source);
    else if constexpr (Op == op_subtract_reversed)
        VMFT_X87_OPERATION2("fsubr %%st(1), %%st", source);
    else if constexpr (Op == op_divide)
        VMFT_X87_OPERATION2("fdiv %%st(1), %%st", source);
    else if constexpr (Op == op_divide_reversed)
        VMFT_X87_OPERATION2("fdivr %%st(1), %%st", source);
    else
        VMFT_X87_OPERATION2("fcom %%st(1)", source);
}
/// With a 32-bit real operand: one operation, not a conversion and an operation (NaN rules differ).
template <u8 Op>
inline u16 host_arithmetic(u16 control, const Float80& value, const float& source,
                           Float80& result) {
    if constexpr (Op == op_add)
        VMFT_X87_OPERATION("fadds %[source]", source);
    else if constexpr (Op == op_mul)
        VMFT_X87_OPERATION("fmuls %[source]", source);
    else if constexpr (Op == op_subtract)
        VMFT_X87_OPERATION("fsubs %[source]", source);
    else if constexpr (Op == op_subtract_reversed)
        VMFT_X87_OPERATION("fsubrs %[source]", source);
    else if constexpr (Op == op_divide)
        VMFT_X87_OPERATION("fdivs %[source]", source);
    else if constexpr (Op == op_divide_reversed)
        VMFT_X87_OPERATION("fdivrs %[source]", source);
    else
        VMFT_X87_OPERATION("fcoms %[source]", source);
}
template <u8 Op>
inline u16 host_arithmetic(u16 control, const Float80& value, const double& source,
                           Float80& result) {
    if constexpr (Op == op_add)
        VMFT_X87_OPERATION("faddl %[source]", source);
    else if constexpr (Op == op_mul)
        VMFT_X87_OPERATION("fmull %[source]", source);
    else if constexpr (Op == op_subtract)
        VMFT_X87_OPERATION("fsubl %[source]", source);
    else if constexpr (Op == op_subtract_reversed)
        VMFT_X87_OPERATION("fsubrl %[source]", source);
    else if constexpr (Op == op_divide)
        VMFT_X87_OPERATION("fdivl %[source]", source);
    else if constexpr (Op == op_divide_reversed)
        VMFT_X87_OPERATION("fdivrl %[source]", source);
    else
        VMFT_X87_OPERATION("fcoml %[source]", source);
}
template <u8 Op>
inline u16 host_arithmetic(u16 control, const Float80& value, const i16& source, Float80& result) {
    if constexpr (Op == op_add)
        VMFT_X87_OPERATION("fiadds %[source]", source);
    else if constexpr (Op == op_mul)
        VMFT_X87_OPERATION("fimuls %[source]", source);
    else if constexpr (Op == op_subtract)
        VMFT_X87_OPERATION("fisubs %[source]", source);
    else if constexpr (Op == op_subtract_reversed)
        VMFT_X87_OPERATION("fisubrs %[source]", source);
    else if constexpr (Op == op_divide)
        VMFT_X87_OPERATION("fidivs %[source]", source);
    else if constexpr (Op == op_divide_reversed)
        VMFT_X87_OPERATION("fidivrs %[source]", source);
    else
        VMFT_X87_OPERATION("ficoms %[source]", source);
}
template <u8 Op>
inline u16 host_arithmetic(u16 control, const Float80& value, const i32& source, Float80& result) {
    if constexpr (Op == op_add)
        VMFT_X87_OPERATION("fiaddl %[source]", source);
    else if constexpr (Op == op_mul)
        VMFT_X87_OPERATION("fimull %[source]", source);
    else if constexpr (Op == op_subtract)
        VMFT_X87_OPERATION("fisubl %[source]", source);
    else if constexpr (Op == op_subtract_reversed)
        VMFT_X87_OPERATION("fisubrl %[source]", source);
    else if constexpr (Op == op_divide)
        VMFT_X87_OPERATION("fidivl %[source]", source);
    else if constexpr (Op == op_divide_reversed)
        VMFT_X87_OPERATION("fidivrl %[source]", source);
    else
        VMFT_X87_OPERATION("ficoml %[source]", source);
}

/// C0, C2 and C3 of the status word tell the order (SDM 2 FUCOM): quiet NaNs are not invalid.
inline u16 host_compare_quietly(u16 control, const Float80& value, const Float80& source) {
    Float80 result;
    VMFT_X87_OPERATION2("fucom %%st(1)", source);
}
inline u16 host_square_root(u16 control, const Float80& value, Float80& result) {
    VMFT_X87_OPERATION("fsqrt", value);
}
inline u16 host_round_to_integer(u16 control, const Float80& value, Float80& result) {
    VMFT_X87_OPERATION("frndint", value);
}
inline u16 host_scale(u16 control, const Float80& value, const Float80& source, Float80& result) {
    VMFT_X87_OPERATION2("fscale", source);
}

/// Loads and constants: LINE pushes one value.
#define VMFT_X87_LOAD(LINE, SOURCE)                                                                \
    do {                                                                                           \
        u16 status_word;                                                                           \
        asm volatile("fninit\n\tfldcw %[control]\n\t" LINE                                         \
                     "\n\tfnstsw %[status]\n\tfnclex\n\tfstpt %[result]\n\tfninit"                 \
                     : [status] "=m"(status_word), [result] "=m"(result)                           \
                     : [control] "m"(control), [source] "m"(SOURCE)                                \
                     : VMFT_X87_CLOBBERS);                                                         \
        return status_word;                                                                        \
    } while (false)

inline u16 host_load(u16 control, const float& source, Float80& result) {
    VMFT_X87_LOAD("flds %[source]", source);
}
inline u16 host_load(u16 control, const double& source, Float80& result) {
    VMFT_X87_LOAD("fldl %[source]", source);
}
inline u16 host_load(u16 control, const i16& source, Float80& result) {
    VMFT_X87_LOAD("filds %[source]", source);
}
inline u16 host_load(u16 control, const i32& source, Float80& result) {
    VMFT_X87_LOAD("fildl %[source]", source);
}
inline u16 host_load(u16 control, const i64& source, Float80& result) {
    VMFT_X87_LOAD("fildll %[source]", source);
}

/// The constants in the order of D9 E8 … EE; all but 1 and 0 are rounded by the control word.
template <u8 Number>
inline u16 host_constant(u16 control, Float80& result) {
    if constexpr (Number == 0)
        VMFT_X87_LOAD("fld1", control);
    else if constexpr (Number == 1)
        VMFT_X87_LOAD("fldl2t", control);
    else if constexpr (Number == 2)
        VMFT_X87_LOAD("fldl2e", control);
    else if constexpr (Number == 3)
        VMFT_X87_LOAD("fldpi", control);
    else if constexpr (Number == 4)
        VMFT_X87_LOAD("fldlg2", control);
    else if constexpr (Number == 5)
        VMFT_X87_LOAD("fldln2", control);
    else
        VMFT_X87_LOAD("fldz", control);
}

/// Stores: LINE writes %[result] from ST0. Where an unmasked exception prevents the store, `result`
/// keeps its value.
#define VMFT_X87_STORE(LINE)                                                                       \
    do {                                                                                           \
        u16 status_word;                                                                           \
        asm volatile("fninit\n\tfldt %[value]\n\tfldcw %[control]\n\t" LINE                        \
                     "\n\tfnstsw %[status]\n\tfninit"                                              \
                     : [status] "=m"(status_word), [result] "+m"(result)                           \
                     : [value] "m"(value), [control] "m"(control)                                  \
                     : VMFT_X87_CLOBBERS);                                                         \
        return status_word;                                                                        \
    } while (false)

inline u16 host_store(u16 control, const Float80& value, float& result) {
    VMFT_X87_STORE("fstps %[result]");
}
inline u16 host_store(u16 control, const Float80& value, double& result) {
    VMFT_X87_STORE("fstpl %[result]");
}
inline u16 host_store(u16 control, const Float80& value, i16& result) {
    VMFT_X87_STORE("fistps %[result]");
}
inline u16 host_store(u16 control, const Float80& value, i32& result) {
    VMFT_X87_STORE("fistpl %[result]");
}
inline u16 host_store(u16 control, const Float80& value, i64& result) {
    VMFT_X87_STORE("fistpll %[result]");
}
inline u16 host_store_truncated(u16 control, const Float80& value, i16& result) {
    VMFT_X87_STORE("fisttps %[result]");
}
inline u16 host_store_truncated(u16 control, const Float80& value, i32& result) {
    VMFT_X87_STORE("fisttpl %[result]");
}
inline u16 host_store_truncated(u16 control, const Float80& value, i64& result) {
    VMFT_X87_STORE("fisttpll %[result]");
}
/// Packed decimal: ten bytes of `result`.
inline u16 host_store_decimal(u16 control, const Float80& value, Float80& result) {
    VMFT_X87_STORE("fbstp %[result]");
}

}  // namespace vmft::soft::x87
