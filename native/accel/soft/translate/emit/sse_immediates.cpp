#include "accel/soft/translate/emit/sse_operands.h"

/// SSE instructions with an immediate that chooses: shuffles, blends, compares by predicate,
/// rounding, shifts by a number. Bits of the immediate that the manual reserves are ignored as the
/// interpreter ignores them.
namespace vmft::soft {

namespace {

/// Bits of the immediate that count.
using Significant = u8 (*)(u8 immediate);
constexpr u8 all_bits(u8 immediate) { return immediate; }
constexpr u8 three_bits(u8 immediate) { return immediate & 7; }
/// ROUNDxx: with bit 2 MXCSR's direction is taken, and bits 0-1 mean nothing.
constexpr u8 rounding_bits(u8 immediate) { return immediate & (immediate & 4 ? 12 : 11); }

template <auto Op, Form form, Significant significant>
void operate(Emitter& e, const GuestInsn& g) {
    u8 immediate = significant(static_cast<u8>(g.insn.imm));
    with_source(e, g, form,
                [&](const Operand& source) { (e.*Op)(xmm_of(g.reg()), source, immediate); });
}

template <XmmImmediateOp Op, Form form = xmm_form, Significant significant = all_bits>
void packed(EmitTable& table, Place place) {
    set_at(table, place, operate<Op, form, significant>, traits_of(form));
}
template <MmxImmediateOp Op, Form form = xmm_form, Significant significant = all_bits>
void packed(EmitTable& table, Place place) {
    set_at(table, place, operate<Op, form, significant>, traits_of(form));
}
template <XmmIntOp Op, Form form = xmm_form, Significant significant = all_bits>
void packed(EmitTable& table, Place place) {
    set_at(table, place, operate<Op, form, significant>, traits_of(form));
}
template <MmxIntOp Op, Form form = xmm_form, Significant significant = all_bits>
void packed(EmitTable& table, Place place) {
    set_at(table, place, operate<Op, form, significant>, traits_of(form));
}

// Groups 12-14 (0F 71, 72, 73): r/m, a register, is shifted.

bool on_xmm(const GuestInsn& g) { return g.d.mandatory == Mandatory::p66 && !g.d.memory; }

using MmxShift = void (CodeGenerator::*)(const Mmx&, int);
using XmmShift = void (CodeGenerator::*)(const XmmReg&, int);

template <auto Op>
void shift(Emitter& e, const GuestInsn& g) {
    (e.*Op)(xmm_of(g.rm()), static_cast<int>(g.insn.imm & 0xff));
}
template <MmxShift Op>
void add_shift(EmitTable& table, u8 opcode, unsigned reg) {
    table.set_in_group(OpcodeMap::two_byte, opcode, reg, {shift<Op>, uses_simd, on_xmm});
}
template <XmmShift Op>
void add_shift(EmitTable& table, u8 opcode, unsigned reg) {
    table.set_in_group(OpcodeMap::two_byte, opcode, reg, {shift<Op>, uses_simd, on_xmm});
}

using G = CodeGenerator;
constexpr Form packed_form = rounding(xmm_form), single_form = rounding(xmm_dword),
               double_form = rounding(xmm_quad);

}  // namespace

void add_sse_immediates(EmitTable& t) {
    packed<&G::pshufd>(t, p66_0f(0x70));
    packed<&G::pshuflw>(t, pf2_0f(0x70));
    packed<&G::pshufhw>(t, pf3_0f(0x70));
    packed<&G::shufps>(t, np_0f(0xc6));
    packed<&G::shufpd>(t, p66_0f(0xc6));
    packed<&G::palignr>(t, p66_0f3a(0x0f));
    packed<&G::blendps>(t, p66_0f3a(0x0c));
    packed<&G::blendpd>(t, p66_0f3a(0x0d));
    packed<&G::pblendw>(t, p66_0f3a(0x0e));
    packed<&G::insertps, xmm_dword>(t, p66_0f3a(0x21));
    packed<&G::mpsadbw, xmm_form, three_bits>(t, p66_0f3a(0x42));

    packed<&G::cmpps, packed_form, three_bits>(t, np_0f(0xc2));
    packed<&G::cmppd, packed_form, three_bits>(t, p66_0f(0xc2));
    packed<&G::cmpss, single_form, three_bits>(t, pf3_0f(0xc2));
    packed<&G::cmpsd, double_form, three_bits>(t, pf2_0f(0xc2));

    packed<&G::roundps, packed_form, rounding_bits>(t, p66_0f3a(0x08));
    packed<&G::roundpd, packed_form, rounding_bits>(t, p66_0f3a(0x09));
    packed<&G::roundss, single_form, rounding_bits>(t, p66_0f3a(0x0a));
    packed<&G::roundsd, double_form, rounding_bits>(t, p66_0f3a(0x0b));

    add_shift<&G::psrlw>(t, 0x71, 2);
    add_shift<&G::psraw>(t, 0x71, 4);
    add_shift<&G::psllw>(t, 0x71, 6);
    add_shift<&G::psrld>(t, 0x72, 2);
    add_shift<&G::psrad>(t, 0x72, 4);
    add_shift<&G::pslld>(t, 0x72, 6);
    add_shift<&G::psrlq>(t, 0x73, 2);
    add_shift<&G::psrldq>(t, 0x73, 3);
    add_shift<&G::psllq>(t, 0x73, 6);
    add_shift<&G::pslldq>(t, 0x73, 7);
}

}  // namespace vmft::soft
