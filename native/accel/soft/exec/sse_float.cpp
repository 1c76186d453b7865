#include "accel/soft/exec/sse_table.h"

/// Floating-point arithmetic by the host's instructions under the guest's MXCSR (simd_state.h), and
/// rounding.
namespace vmft::soft {

namespace {

constexpr Form packed_form = rounding(xmm_form), single_form = rounding(xmm_dword),
               double_form = rounding(xmm_quad);

/// An opcode with its four forms: PS, PD, SS, SD.
template <typename PackedSingle, typename PackedDouble, typename ScalarSingle,
          typename ScalarDouble>
void arithmetic(SseTable& table, u8 opcode, PackedSingle ps, PackedDouble pd, ScalarSingle ss,
                ScalarDouble sd) {
    table.packed<packed_form>(np_0f(opcode), ps);
    table.packed<packed_form>(p66_0f(opcode), pd);
    table.packed<single_form>(pf3_0f(opcode), ss);
    table.packed<double_form>(pf2_0f(opcode), sd);
}

#define VMFT_ROUND_CASE(mnemonic, mode)                                                            \
    case mode: asm volatile(mnemonic " $" #mode ", %1, %0" : "+x"(a) : "x"(b)); break;
/// A lambda for ROUNDxx. Immediate bits 0-1: the direction; 2: MXCSR's direction instead; 3: no
/// precision exception.
// clang-format off: it moves these lines further each time.
#define VMFT_ROUND(mnemonic)                                                                       \
    [](V a, V b, unsigned immediate) {                                                             \
        switch (immediate & 4 ? immediate & 12 : immediate & 11) {                                 \
            VMFT_ROUND_CASE(mnemonic, 0)                                                           \
            VMFT_ROUND_CASE(mnemonic, 1)                                                           \
            VMFT_ROUND_CASE(mnemonic, 2)                                                           \
            VMFT_ROUND_CASE(mnemonic, 3)                                                           \
            VMFT_ROUND_CASE(mnemonic, 4)                                                           \
            VMFT_ROUND_CASE(mnemonic, 8)                                                           \
            VMFT_ROUND_CASE(mnemonic, 9)                                                           \
            VMFT_ROUND_CASE(mnemonic, 10)                                                          \
            VMFT_ROUND_CASE(mnemonic, 11)                                                          \
            VMFT_ROUND_CASE(mnemonic, 12)                                                          \
        }                                                                                          \
        return a;                                                                                  \
    }
// clang-format on

}  // namespace

void add_sse_float(SseTable& table) {
    arithmetic(table, 0x51, VMFT_HOST("sqrtps"), VMFT_HOST("sqrtpd"), VMFT_HOST("sqrtss"),
               VMFT_HOST("sqrtsd"));
    arithmetic(table, 0x58, VMFT_HOST("addps"), VMFT_HOST("addpd"), VMFT_HOST("addss"),
               VMFT_HOST("addsd"));
    arithmetic(table, 0x59, VMFT_HOST("mulps"), VMFT_HOST("mulpd"), VMFT_HOST("mulss"),
               VMFT_HOST("mulsd"));
    arithmetic(table, 0x5c, VMFT_HOST("subps"), VMFT_HOST("subpd"), VMFT_HOST("subss"),
               VMFT_HOST("subsd"));
    arithmetic(table, 0x5d, VMFT_HOST("minps"), VMFT_HOST("minpd"), VMFT_HOST("minss"),
               VMFT_HOST("minsd"));
    arithmetic(table, 0x5e, VMFT_HOST("divps"), VMFT_HOST("divpd"), VMFT_HOST("divss"),
               VMFT_HOST("divsd"));
    arithmetic(table, 0x5f, VMFT_HOST("maxps"), VMFT_HOST("maxpd"), VMFT_HOST("maxss"),
               VMFT_HOST("maxsd"));
    table.packed<packed_form>(p66_0f3a(0x08), VMFT_ROUND("roundps"));
    table.packed<packed_form>(p66_0f3a(0x09), VMFT_ROUND("roundpd"));
    table.packed<single_form>(p66_0f3a(0x0a), VMFT_ROUND("roundss"));
    table.packed<double_form>(p66_0f3a(0x0b), VMFT_ROUND("roundsd"));
}

}  // namespace vmft::soft
