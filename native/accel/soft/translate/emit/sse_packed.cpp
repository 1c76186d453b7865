#include "accel/soft/translate/emit/sse_operands.h"

/// XMM register = operation (XMM register, r/m): arithmetic, logic, compares, conversions, shifts
/// by a register, interleaving, extensions. A list; the columns are place, host instruction, form.
namespace vmft::soft {

namespace {

template <auto Op, Form form>
void operate(Emitter& e, const GuestInsn& g) {
    with_source(e, g, form, [&](const Operand& source) { (e.*Op)(xmm_of(g.reg()), source); });
}

// One of the two takes each of Xbyak's members, overloaded ones by their type.
template <XmmOp Op, Form form = xmm_form>
void packed(EmitTable& table, Place place) {
    set_at(table, place, operate<Op, form>, traits_of(form));
}
template <MmxOp Op, Form form = xmm_form>
void packed(EmitTable& table, Place place) {
    set_at(table, place, operate<Op, form>, traits_of(form));
}

constexpr Form packed_form = rounding(xmm_form), single_form = rounding(xmm_dword),
               double_form = rounding(xmm_quad);

template <XmmOp PackedSingle, XmmOp PackedDouble, XmmOp ScalarSingle, XmmOp ScalarDouble>
void arithmetic(EmitTable& table, u8 opcode) {
    packed<PackedSingle, packed_form>(table, np_0f(opcode));
    packed<PackedDouble, packed_form>(table, p66_0f(opcode));
    packed<ScalarSingle, single_form>(table, pf3_0f(opcode));
    packed<ScalarDouble, double_form>(table, pf2_0f(opcode));
}

using G = CodeGenerator;

void add_float(EmitTable& t) {
    arithmetic<&G::sqrtps, &G::sqrtpd, &G::sqrtss, &G::sqrtsd>(t, 0x51);
    arithmetic<&G::addps, &G::addpd, &G::addss, &G::addsd>(t, 0x58);
    arithmetic<&G::mulps, &G::mulpd, &G::mulss, &G::mulsd>(t, 0x59);
    arithmetic<&G::subps, &G::subpd, &G::subss, &G::subsd>(t, 0x5c);
    arithmetic<&G::minps, &G::minpd, &G::minss, &G::minsd>(t, 0x5d);
    arithmetic<&G::divps, &G::divpd, &G::divss, &G::divsd>(t, 0x5e);
    arithmetic<&G::maxps, &G::maxpd, &G::maxss, &G::maxsd>(t, 0x5f);
    packed<&G::addsubps, packed_form>(t, pf2_0f(0xd0));
    packed<&G::addsubpd, packed_form>(t, p66_0f(0xd0));

    packed<&G::andps>(t, np_0f(0x54));
    packed<&G::andpd>(t, p66_0f(0x54));
    packed<&G::andnps>(t, np_0f(0x55));
    packed<&G::andnpd>(t, p66_0f(0x55));
    packed<&G::orps>(t, np_0f(0x56));
    packed<&G::orpd>(t, p66_0f(0x56));
    packed<&G::xorps>(t, np_0f(0x57));
    packed<&G::xorpd>(t, p66_0f(0x57));

    packed<&G::cvtps2pd, double_form>(t, np_0f(0x5a));
    packed<&G::cvtpd2ps, packed_form>(t, p66_0f(0x5a));
    packed<&G::cvtss2sd, single_form>(t, pf3_0f(0x5a));
    packed<&G::cvtsd2ss, double_form>(t, pf2_0f(0x5a));
    packed<&G::cvtdq2ps, packed_form>(t, np_0f(0x5b));
    packed<&G::cvtps2dq, packed_form>(t, p66_0f(0x5b));
    packed<&G::cvttps2dq, packed_form>(t, pf3_0f(0x5b));
    packed<&G::cvttpd2dq, packed_form>(t, p66_0f(0xe6));
    packed<&G::cvtpd2dq, packed_form>(t, pf2_0f(0xe6));
    packed<&G::cvtdq2pd, xmm_quad>(t, pf3_0f(0xe6));
}

void add_sums_and_products(EmitTable& t) {
    packed<&G::paddb>(t, p66_0f(0xfc));
    packed<&G::paddw>(t, p66_0f(0xfd));
    packed<&G::paddd>(t, p66_0f(0xfe));
    packed<&G::paddq>(t, p66_0f(0xd4));
    packed<&G::paddsb>(t, p66_0f(0xec));
    packed<&G::paddsw>(t, p66_0f(0xed));
    packed<&G::paddusb>(t, p66_0f(0xdc));
    packed<&G::paddusw>(t, p66_0f(0xdd));
    packed<&G::psubb>(t, p66_0f(0xf8));
    packed<&G::psubw>(t, p66_0f(0xf9));
    packed<&G::psubd>(t, p66_0f(0xfa));
    packed<&G::psubq>(t, p66_0f(0xfb));
    packed<&G::psubsb>(t, p66_0f(0xe8));
    packed<&G::psubsw>(t, p66_0f(0xe9));
    packed<&G::psubusb>(t, p66_0f(0xd8));
    packed<&G::psubusw>(t, p66_0f(0xd9));

    packed<&G::pmullw>(t, p66_0f(0xd5));
    packed<&G::pmulhw>(t, p66_0f(0xe5));
    packed<&G::pmulhuw>(t, p66_0f(0xe4));
    packed<&G::pmuludq>(t, p66_0f(0xf4));
    packed<&G::pmaddwd>(t, p66_0f(0xf5));
    packed<&G::psadbw>(t, p66_0f(0xf6));
    packed<&G::pavgb>(t, p66_0f(0xe0));
    packed<&G::pavgw>(t, p66_0f(0xe3));
    packed<&G::pmaddubsw>(t, p66_0f38(0x04));
    packed<&G::pmulhrsw>(t, p66_0f38(0x0b));
    packed<&G::pmuldq>(t, p66_0f38(0x28));
    packed<&G::pmulld>(t, p66_0f38(0x40));

    packed<&G::phaddw>(t, p66_0f38(0x01));
    packed<&G::phaddd>(t, p66_0f38(0x02));
    packed<&G::phaddsw>(t, p66_0f38(0x03));
    packed<&G::phsubw>(t, p66_0f38(0x05));
    packed<&G::phsubd>(t, p66_0f38(0x06));
    packed<&G::phsubsw>(t, p66_0f38(0x07));
}

void add_orders_and_signs(EmitTable& t) {
    packed<&G::pcmpeqb>(t, p66_0f(0x74));
    packed<&G::pcmpeqw>(t, p66_0f(0x75));
    packed<&G::pcmpeqd>(t, p66_0f(0x76));
    packed<&G::pcmpgtb>(t, p66_0f(0x64));
    packed<&G::pcmpgtw>(t, p66_0f(0x65));
    packed<&G::pcmpgtd>(t, p66_0f(0x66));
    packed<&G::pcmpeqq>(t, p66_0f38(0x29));
    packed<&G::pcmpgtq>(t, p66_0f38(0x37));

    packed<&G::pminub>(t, p66_0f(0xda));
    packed<&G::pmaxub>(t, p66_0f(0xde));
    packed<&G::pminsw>(t, p66_0f(0xea));
    packed<&G::pmaxsw>(t, p66_0f(0xee));
    packed<&G::pminsb>(t, p66_0f38(0x38));
    packed<&G::pminsd>(t, p66_0f38(0x39));
    packed<&G::pminuw>(t, p66_0f38(0x3a));
    packed<&G::pminud>(t, p66_0f38(0x3b));
    packed<&G::pmaxsb>(t, p66_0f38(0x3c));
    packed<&G::pmaxsd>(t, p66_0f38(0x3d));
    packed<&G::pmaxuw>(t, p66_0f38(0x3e));
    packed<&G::pmaxud>(t, p66_0f38(0x3f));
    packed<&G::phminposuw>(t, p66_0f38(0x41));

    packed<&G::psignb>(t, p66_0f38(0x08));
    packed<&G::psignw>(t, p66_0f38(0x09));
    packed<&G::psignd>(t, p66_0f38(0x0a));
    packed<&G::pabsb>(t, p66_0f38(0x1c));
    packed<&G::pabsw>(t, p66_0f38(0x1d));
    packed<&G::pabsd>(t, p66_0f38(0x1e));
}

void add_logic_and_shifts(EmitTable& t) {
    packed<&G::pand>(t, p66_0f(0xdb));
    packed<&G::pandn>(t, p66_0f(0xdf));
    packed<&G::por>(t, p66_0f(0xeb));
    packed<&G::pxor>(t, p66_0f(0xef));

    packed<&G::psrlw>(t, p66_0f(0xd1));
    packed<&G::psraw>(t, p66_0f(0xe1));
    packed<&G::psllw>(t, p66_0f(0xf1));
    packed<&G::psrld>(t, p66_0f(0xd2));
    packed<&G::psrad>(t, p66_0f(0xe2));
    packed<&G::pslld>(t, p66_0f(0xf2));
    packed<&G::psrlq>(t, p66_0f(0xd3));
    packed<&G::psllq>(t, p66_0f(0xf3));

    packed<&G::pblendvb>(t, p66_0f38(0x10));
    packed<&G::blendvps>(t, p66_0f38(0x14));
    packed<&G::blendvpd>(t, p66_0f38(0x15));
}

void add_rearrangements(EmitTable& t) {
    packed<&G::punpcklbw>(t, p66_0f(0x60));
    packed<&G::punpcklwd>(t, p66_0f(0x61));
    packed<&G::punpckldq>(t, p66_0f(0x62));
    packed<&G::punpckhbw>(t, p66_0f(0x68));
    packed<&G::punpckhwd>(t, p66_0f(0x69));
    packed<&G::punpckhdq>(t, p66_0f(0x6a));
    packed<&G::punpcklqdq>(t, p66_0f(0x6c));
    packed<&G::punpckhqdq>(t, p66_0f(0x6d));
    packed<&G::unpcklps>(t, np_0f(0x14));
    packed<&G::unpcklpd>(t, p66_0f(0x14));
    packed<&G::unpckhps>(t, np_0f(0x15));
    packed<&G::unpckhpd>(t, p66_0f(0x15));

    packed<&G::packsswb>(t, p66_0f(0x63));
    packed<&G::packuswb>(t, p66_0f(0x67));
    packed<&G::packssdw>(t, p66_0f(0x6b));
    packed<&G::packusdw>(t, p66_0f38(0x2b));
    packed<&G::pshufb>(t, p66_0f38(0x00));

    packed<&G::pmovsxbw, xmm_quad>(t, p66_0f38(0x20));
    packed<&G::pmovsxbd, xmm_dword>(t, p66_0f38(0x21));
    packed<&G::pmovsxbq, xmm_word>(t, p66_0f38(0x22));
    packed<&G::pmovsxwd, xmm_quad>(t, p66_0f38(0x23));
    packed<&G::pmovsxwq, xmm_dword>(t, p66_0f38(0x24));
    packed<&G::pmovsxdq, xmm_quad>(t, p66_0f38(0x25));
    packed<&G::pmovzxbw, xmm_quad>(t, p66_0f38(0x30));
    packed<&G::pmovzxbd, xmm_dword>(t, p66_0f38(0x31));
    packed<&G::pmovzxbq, xmm_word>(t, p66_0f38(0x32));
    packed<&G::pmovzxwd, xmm_quad>(t, p66_0f38(0x33));
    packed<&G::pmovzxwq, xmm_dword>(t, p66_0f38(0x34));
    packed<&G::pmovzxdq, xmm_quad>(t, p66_0f38(0x35));
}

/// Loads and moves between registers. A scalar from memory clears the rest, as the host's does.
void add_loads(EmitTable& t) {
    packed<&G::movups, xmm_unaligned>(t, np_0f(0x10));
    packed<&G::movupd, xmm_unaligned>(t, p66_0f(0x10));
    packed<&G::movss, xmm_dword>(t, pf3_0f(0x10));
    packed<&G::movsd, xmm_quad>(t, pf2_0f(0x10));
    packed<&G::movaps>(t, np_0f(0x28));
    packed<&G::movapd>(t, p66_0f(0x28));
    packed<&G::movdqa>(t, p66_0f(0x6f));
    packed<&G::movdqu, xmm_unaligned>(t, pf3_0f(0x6f));
    packed<&G::movq, xmm_quad>(t, pf3_0f(0x7e));
    packed<&G::movdqa>(t, p66_0f38(0x2a));               // MOVNTDQA
    packed<&G::movdqu, xmm_unaligned>(t, pf2_0f(0xf0));  // LDDQU
    packed<&G::movsldup>(t, pf3_0f(0x12));
    packed<&G::movshdup>(t, pf3_0f(0x16));
    packed<&G::movddup, xmm_quad>(t, pf2_0f(0x12));
}

}  // namespace

void add_sse_packed(EmitTable& table) {
    add_float(table);
    add_sums_and_products(table);
    add_orders_and_signs(table);
    add_logic_and_shifts(table);
    add_rearrangements(table);
    add_loads(table);
}

void add_sse_emitters(EmitTable& table) {
    add_sse_packed(table);
    add_sse_immediates(table);
    add_sse_moves(table);
    add_sse_general(table);
    add_sse_strings(table);
    add_sse_horizontal(table);
}

}  // namespace vmft::soft
