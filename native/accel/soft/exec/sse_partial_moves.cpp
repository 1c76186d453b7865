#include "accel/soft/exec/sse_table.h"

/// Moves that take or keep a part of a register: scalars, halves, duplicated elements, sign masks.
namespace vmft::soft {

namespace {

constexpr auto get_xmm = [](Cpu& cpu, const Insn* insn) { return xmm(cpu, insn->reg); };
constexpr auto get_high = [](Cpu& cpu, const Insn* insn) {
    return _mm_srli_si128(xmm(cpu, insn->reg), 8);
};
template <int control>
constexpr auto shuffled = [](V, V b) { return _mm_shuffle_epi32(b, control); };

/// MOVSS, MOVSD: a register source replaces the low part, a memory source clears the rest.
template <unsigned bytes>
void scalar(SseTable& table, Place load, Place store) {
    constexpr Form form = bytes == 4 ? xmm_dword : xmm_quad;
    table.registers<form>(load, [](Cpu& cpu, const Insn* insn, const u8* source) {
        xmm(cpu, insn->reg) =
            bytes == 4 ? _mm_blend_epi16(xmm(cpu, insn->reg), read_operand<16>(source), 0x03)
                       : _mm_blend_epi16(xmm(cpu, insn->reg), read_operand<16>(source), 0x0f);
    });
    table.memory<form>(load, [](Cpu& cpu, const Insn* insn, const u8* source) {
        xmm(cpu, insn->reg) = read_operand<bytes>(source);
    });
    table.registers<form>(store, [](Cpu& cpu, const Insn* insn, const u8*) {
        xmm(cpu, insn->rm) = bytes == 4
                                 ? _mm_blend_epi16(xmm(cpu, insn->rm), xmm(cpu, insn->reg), 0x03)
                                 : _mm_blend_epi16(xmm(cpu, insn->rm), xmm(cpu, insn->reg), 0x0f);
    });
    table.store<form>(store, get_xmm);
}

/// A mask of signs into a general register; F is a lambda V -> int.
template <Form form, typename F>
void signs(SseTable& table, Place place, F) {
    table.registers<form>(place, [](Cpu& cpu, const Insn* insn, const u8* source) {
        if constexpr (form.unit != Unit::sse) enter_mmx(cpu);
        cpu.gpr[insn->reg] = static_cast<u32>(F{}(read_operand<form.bytes>(source)));
    });
}

}  // namespace

void add_sse_partial_moves(SseTable& table) {
    scalar<4>(table, pf3_0f(0x10), pf3_0f(0x11));  // MOVSS
    scalar<8>(table, pf2_0f(0x10), pf2_0f(0x11));  // MOVSD

    constexpr auto into_low = [](Cpu& cpu, const Insn* insn, const u8* source) {
        xmm(cpu, insn->reg) = _mm_blend_epi16(xmm(cpu, insn->reg), read_operand<8>(source), 0x0f);
    };
    constexpr auto into_high = [](Cpu& cpu, const Insn* insn, const u8* source) {
        xmm(cpu, insn->reg) = _mm_unpacklo_epi64(xmm(cpu, insn->reg), read_operand<8>(source));
    };
    for (Place place : {np_0f(0x12), p66_0f(0x12)})
        table.memory<xmm_quad>(place, into_low);  // MOVLPS, MOVLPD
    for (Place place : {np_0f(0x13), p66_0f(0x13)}) table.store<xmm_quad>(place, get_xmm);
    for (Place place : {np_0f(0x16), p66_0f(0x16)})
        table.memory<xmm_quad>(place, into_high);  // MOVHPS, MOVHPD
    for (Place place : {np_0f(0x17), p66_0f(0x17)}) table.store<xmm_quad>(place, get_high);
    table.registers<xmm_form>(
        np_0f(0x12), [](Cpu& cpu, const Insn* insn, const u8* source) {  // MOVHLPS
            xmm(cpu, insn->reg) = _mm_unpackhi_epi64(read_operand<16>(source), xmm(cpu, insn->reg));
        });
    table.registers<xmm_form>(np_0f(0x16), into_high);  // MOVLHPS

    table.packed(pf3_0f(0x12), shuffled<0xa0>);  // MOVSLDUP
    table.packed(pf3_0f(0x16), shuffled<0xf5>);  // MOVSHDUP
    table.packed<xmm_quad>(pf2_0f(0x12),
                           [](V, V b) { return _mm_unpacklo_epi64(b, b); });  // MOVDDUP

    signs<xmm_form>(table, np_0f(0x50),
                    [](V v) { return _mm_movemask_ps(_mm_castsi128_ps(v)); });  // MOVMSKPS
    signs<xmm_form>(table, p66_0f(0x50),
                    [](V v) { return _mm_movemask_pd(_mm_castsi128_pd(v)); });       // MOVMSKPD
    signs<xmm_form>(table, p66_0f(0xd7), [](V v) { return _mm_movemask_epi8(v); });  // PMOVMSKB
    signs<mmx_form>(table, np_0f(0xd7), [](V v) { return _mm_movemask_epi8(v); });
}

}  // namespace vmft::soft
