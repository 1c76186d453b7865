#include "accel/soft/exec/sse_table.h"

/// Conversions between integers, single and double precision.
namespace vmft::soft {

namespace {

constexpr Form packed_form = rounding(xmm_form), quad_form = rounding(xmm_quad),
               dword_form = rounding(xmm_dword);

void add_between_xmm(SseTable& table) {
    table.packed<quad_form>(np_0f(0x5a), VMFT_HOST("cvtps2pd"));
    table.packed<packed_form>(p66_0f(0x5a), VMFT_HOST("cvtpd2ps"));
    table.packed<dword_form>(pf3_0f(0x5a), VMFT_HOST("cvtss2sd"));
    table.packed<quad_form>(pf2_0f(0x5a), VMFT_HOST("cvtsd2ss"));
    table.packed<packed_form>(np_0f(0x5b), VMFT_HOST("cvtdq2ps"));
    table.packed<packed_form>(p66_0f(0x5b), VMFT_HOST("cvtps2dq"));
    table.packed<packed_form>(pf3_0f(0x5b), VMFT_HOST("cvttps2dq"));
    table.packed<packed_form>(p66_0f(0xe6), VMFT_HOST("cvttpd2dq"));
    table.packed<packed_form>(pf2_0f(0xe6), VMFT_HOST("cvtpd2dq"));
    table.packed<xmm_quad>(pf3_0f(0xe6), VMFT_HOST("cvtdq2pd"));  // Exact: no exceptions.
}

/// A lambda for an instruction from a general register to an XMM register's low element. T: i32 or
/// i64.
#define VMFT_FROM_INTEGER(mnemonic, T)                                                             \
    [](Cpu& cpu, const Insn* insn, const u8* source) {                                             \
        V result = xmm(cpu, insn->reg);                                                            \
        const T value = read_as<T>(source);                                                        \
        asm volatile(mnemonic " %1, %0" : "+x"(result) : "r"(value));                              \
        xmm(cpu, insn->reg) = result;                                                              \
    }
/// To a general register from the low element of `bytes`. T: u32 or u64.
#define VMFT_TO_INTEGER(mnemonic, T, bytes)                                                        \
    [](Cpu& cpu, const Insn* insn, const u8* source) {                                             \
        const V operand = read_operand<bytes>(source);                                             \
        T value;                                                                                   \
        asm volatile(mnemonic " %1, %0" : "=r"(value) : "x"(operand));                             \
        cpu.gpr[insn->reg] = value;                                                                \
    }

void add_general_registers(SseTable& table) {
    constexpr Form from32 = rounding(from_general(xmm_form, 4)),
                   from64 = rounding(from_general(xmm_form, 8));
    table.both<from32>(pf3_0f(0x2a), VMFT_FROM_INTEGER("cvtsi2ssl", i32));
    table.both<from64>(pf3_0f(0x2a).with_rex_w(), VMFT_FROM_INTEGER("cvtsi2ssq", i64));
    table.both<from32>(pf2_0f(0x2a), VMFT_FROM_INTEGER("cvtsi2sdl", i32));
    table.both<from64>(pf2_0f(0x2a).with_rex_w(), VMFT_FROM_INTEGER("cvtsi2sdq", i64));

    table.both<dword_form>(pf3_0f(0x2c), VMFT_TO_INTEGER("cvttss2si", u32, 4));
    table.both<dword_form>(pf3_0f(0x2c).with_rex_w(), VMFT_TO_INTEGER("cvttss2si", u64, 4));
    table.both<quad_form>(pf2_0f(0x2c), VMFT_TO_INTEGER("cvttsd2si", u32, 8));
    table.both<quad_form>(pf2_0f(0x2c).with_rex_w(), VMFT_TO_INTEGER("cvttsd2si", u64, 8));
    table.both<dword_form>(pf3_0f(0x2d), VMFT_TO_INTEGER("cvtss2si", u32, 4));
    table.both<dword_form>(pf3_0f(0x2d).with_rex_w(), VMFT_TO_INTEGER("cvtss2si", u64, 4));
    table.both<quad_form>(pf2_0f(0x2d), VMFT_TO_INTEGER("cvtsd2si", u32, 8));
    table.both<quad_form>(pf2_0f(0x2d).with_rex_w(), VMFT_TO_INTEGER("cvtsd2si", u64, 8));
}

/// MMX register = low half of F(source).
template <unsigned bytes, typename F>
constexpr auto to_mmx = [](Cpu& cpu, const Insn* insn, const u8* source) {
    const V result = F{}(_mm_setzero_si128(), read_operand<bytes>(source));
    write_mmx(cpu, insn->reg, static_cast<u64>(_mm_cvtsi128_si64(result)));
};
template <Form form, typename F>
void into_mmx(SseTable& table, Place place, F) {
    table.both<form>(place, to_mmx<form.bytes, F>);
}

constexpr auto to_doubles = VMFT_HOST("cvtdq2pd");

void add_mmx_registers(SseTable& table) {
    constexpr Form singles{
        .unit = Unit::sse_and_mmx, .file = File::xmm, .bytes = 8, .aligned = false, .rounds = true};
    constexpr Form doubles{
        .unit = Unit::sse_and_mmx, .file = File::xmm, .bytes = 16, .aligned = true, .rounds = true};
    into_mmx<singles>(table, np_0f(0x2c), VMFT_HOST("cvttps2dq"));   // CVTTPS2PI
    into_mmx<singles>(table, np_0f(0x2d), VMFT_HOST("cvtps2dq"));    // CVTPS2PI
    into_mmx<doubles>(table, p66_0f(0x2c), VMFT_HOST("cvttpd2dq"));  // CVTTPD2PI
    into_mmx<doubles>(table, p66_0f(0x2d), VMFT_HOST("cvtpd2dq"));   // CVTPD2PI

    constexpr Form from_mmx{
        .unit = Unit::sse_and_mmx, .file = File::mmx, .bytes = 8, .aligned = false, .rounds = true};
    table.registers<from_mmx>(
        np_0f(0x2a), [](Cpu& cpu, const Insn* insn, const u8* source) {  // CVTPI2PS
            enter_mmx(cpu);
            const V converted = VMFT_HOST("cvtdq2ps")(_mm_setzero_si128(), read_operand<8>(source));
            xmm(cpu, insn->reg) = _mm_blend_epi16(xmm(cpu, insn->reg), converted, 0x0f);
        });
    // From memory CVTPI2PS and CVTPI2PD leave the x87 unit alone.
    constexpr Form from_memory_pair{.bytes = 8, .aligned = false, .rounds = true};
    table.memory<from_memory_pair>(np_0f(0x2a), [](Cpu& cpu, const Insn* insn, const u8* source) {
        const V converted = VMFT_HOST("cvtdq2ps")(_mm_setzero_si128(), read_operand<8>(source));
        xmm(cpu, insn->reg) = _mm_blend_epi16(xmm(cpu, insn->reg), converted, 0x0f);
    });
    constexpr Form exact_from_mmx{
        .unit = Unit::sse_and_mmx, .file = File::mmx, .bytes = 8, .aligned = false};
    table.registers<exact_from_mmx>(
        p66_0f(0x2a), [](Cpu& cpu, const Insn* insn, const u8* source) {  // CVTPI2PD
            enter_mmx(cpu);
            xmm(cpu, insn->reg) = to_doubles(_mm_setzero_si128(), read_operand<8>(source));
        });
    table.memory<xmm_quad>(p66_0f(0x2a), [](Cpu& cpu, const Insn* insn, const u8* source) {
        xmm(cpu, insn->reg) = to_doubles(_mm_setzero_si128(), read_operand<8>(source));
    });
}

}  // namespace

void add_sse_converts(SseTable& table) {
    add_between_xmm(table);
    add_general_registers(table);
    add_mmx_registers(table);
}

}  // namespace vmft::soft
