#include "accel/soft/exec/sse_table.h"
#include "accel/soft/flags.h"

/// Floating-point compares: CMPxx with its predicate in the immediate, and COMIxx, UCOMIxx into the
/// flags.
namespace vmft::soft {

namespace {

template <unsigned predicate>
struct CompareAs {
#define VMFT_COMPARE(mnemonic)                                                                     \
    [](V a, V b) {                                                                                 \
        asm volatile(mnemonic " %2, %1, %0" : "+x"(a) : "x"(b), "i"(predicate));                   \
        return a;                                                                                  \
    }
    static constexpr auto packed_single = VMFT_COMPARE("cmpps");
    static constexpr auto packed_double = VMFT_COMPARE("cmppd");
    static constexpr auto scalar_single = VMFT_COMPARE("cmpss");
    static constexpr auto scalar_double = VMFT_COMPARE("cmpsd");
#undef VMFT_COMPARE
};

template <Form form, typename F>
Handler compare_handler(const Decoding& d, F) {
    constexpr Form with_exceptions = rounding(form);
    using Operation = XmmOperation<F, form.bytes>;
    return d.memory ? from_memory<Operation, with_exceptions>
                    : from_register<Operation, with_exceptions>;
}

template <unsigned predicate>
Handler compare_by_prefix(const Decoding& d) {
    using As = CompareAs<predicate>;
    switch (d.mandatory) {
    case Mandatory::none: return compare_handler<xmm_form>(d, As::packed_single);
    case Mandatory::p66: return compare_handler<xmm_form>(d, As::packed_double);
    case Mandatory::pf3: return compare_handler<xmm_dword>(d, As::scalar_single);
    case Mandatory::pf2: return compare_handler<xmm_quad>(d, As::scalar_double);
    }
    return nullptr;
}

Handler choose_compare(Decoding& d) {
    switch (d.insn->imm & 7) {  // The bits above are reserved and ignored.
    case 0: return compare_by_prefix<0>(d);
    case 1: return compare_by_prefix<1>(d);
    case 2: return compare_by_prefix<2>(d);
    case 3: return compare_by_prefix<3>(d);
    case 4: return compare_by_prefix<4>(d);
    case 5: return compare_by_prefix<5>(d);
    case 6: return compare_by_prefix<6>(d);
    default: return compare_by_prefix<7>(d);
    }
}

/// ZF, PF, CF as the instruction sets them; OF, SF, AF clear. The lazy form is written directly:
/// see flags.h.
inline void set_compare_flags(Cpu& cpu, bool zero, bool parity, bool carry) {
    cpu.lazy_result = zero ? 0 : 0x100;
    cpu.lazy_aux = (carry ? aux_carry | aux_overflow : 0) | (parity ? 0 : 0x100);
}

#define VMFT_COMPARE_FLAGS(mnemonic, bytes)                                                        \
    [](Cpu& cpu, const Insn* insn, const u8* source) {                                             \
        const V a = xmm(cpu, insn->reg), b = read_operand<bytes>(source);                          \
        bool zero, parity, carry;                                                                  \
        asm volatile(mnemonic " %4, %3"                                                            \
                     : "=@ccz"(zero), "=@ccp"(parity), "=@ccc"(carry)                              \
                     : "x"(a), "x"(b));                                                            \
        set_compare_flags(cpu, zero, parity, carry);                                               \
    }

}  // namespace

void add_sse_compares(SseTable& table) {
    for (Place place : {np_0f(0xc2), p66_0f(0xc2), pf3_0f(0xc2), pf2_0f(0xc2)})
        table.at(place).choose = choose_compare;
    table.set_immediate(np_0f(0xc2));
    table.both<rounding(xmm_dword)>(np_0f(0x2e), VMFT_COMPARE_FLAGS("ucomiss", 4));
    table.both<rounding(xmm_dword)>(np_0f(0x2f), VMFT_COMPARE_FLAGS("comiss", 4));
    table.both<rounding(xmm_quad)>(p66_0f(0x2e), VMFT_COMPARE_FLAGS("ucomisd", 8));
    table.both<rounding(xmm_quad)>(p66_0f(0x2f), VMFT_COMPARE_FLAGS("comisd", 8));
}

}  // namespace vmft::soft
