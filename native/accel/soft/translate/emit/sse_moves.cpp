#include "accel/soft/translate/emit/sse_operands.h"

/// SSE stores, and moves of halves. Non-temporal ones are stores like any other. Loads are in the
/// list of sse_packed.cpp.
namespace vmft::soft {

namespace {

using Store = void (*)(Emitter& e, const Xbyak::Address& to, const XmmReg& from);

/// r/m = XMM register; between registers by `Move`, or not at all.
template <Store store, Form form, auto Move>
void store_or_move(Emitter& e, const GuestInsn& g) {
    if (g.d.memory)
        store(e, operand_in_memory(e, form, Emitter::Access::write), xmm_of(g.reg()));
    else if constexpr (std::is_member_pointer_v<decltype(Move)>)
        (e.*Move)(xmm_of(g.rm()), xmm_of(g.reg()));
}

void whole_aligned(Emitter& e, const Xbyak::Address& to, const XmmReg& from) { e.movaps(to, from); }
void whole(Emitter& e, const Xbyak::Address& to, const XmmReg& from) { e.movups(to, from); }
void low_dword(Emitter& e, const Xbyak::Address& to, const XmmReg& from) { e.movss(to, from); }
void low_quad(Emitter& e, const Xbyak::Address& to, const XmmReg& from) { e.movsd(to, from); }
void high_quad(Emitter& e, const Xbyak::Address& to, const XmmReg& from) { e.movhps(to, from); }

template <Store store, Form form, auto Move>
void add(EmitTable& table, Place place) {
    set_at(table, place, store_or_move<store, form, Move>, traits_of(form));
}

using G = CodeGenerator;
constexpr XmmOp movaps_registers = &G::movaps, movss_registers = &G::movss,
                movsd_registers = &G::movsd;
constexpr MmxOp movq_registers = &G::movq;
constexpr std::nullptr_t nothing = nullptr;

/// Bytes 0-7 from memory, or the other register's high half (MOVHLPS).
void low_half(Emitter& e, const GuestInsn& g) {
    if (g.d.memory)
        e.movlps(xmm_of(g.reg()), operand_in_memory(e, xmm_quad, Emitter::Access::read));
    else
        e.movhlps(xmm_of(g.reg()), xmm_of(g.rm()));
}
/// Bytes 8-15 from memory, or the other register's low half (MOVLHPS).
void high_half(Emitter& e, const GuestInsn& g) {
    if (g.d.memory)
        e.movhps(xmm_of(g.reg()), operand_in_memory(e, xmm_quad, Emitter::Access::read));
    else
        e.movlhps(xmm_of(g.reg()), xmm_of(g.rm()));
}

}  // namespace

void add_sse_moves(EmitTable& t) {
    for (Place place : {np_0f(0x11), p66_0f(0x11), pf3_0f(0x7f)})  // MOVUPS, MOVUPD, MOVDQU
        add<whole, xmm_unaligned, movaps_registers>(t, place);
    for (Place place : {np_0f(0x29), p66_0f(0x29), p66_0f(0x7f)})  // MOVAPS, MOVAPD, MOVDQA
        add<whole_aligned, xmm_form, movaps_registers>(t, place);
    for (Place place : {np_0f(0x2b), p66_0f(0x2b), p66_0f(0xe7)})  // MOVNTPS, MOVNTPD, MOVNTDQ
        add<whole_aligned, xmm_form, nothing>(t, place);
    add<low_dword, xmm_dword, movss_registers>(t, pf3_0f(0x11));
    add<low_quad, xmm_quad, movsd_registers>(t, pf2_0f(0x11));
    add<low_quad, xmm_quad, movq_registers>(t, p66_0f(0xd6));
    for (Place place : {np_0f(0x13), p66_0f(0x13)})  // MOVLPS, MOVLPD
        add<low_quad, xmm_quad, nothing>(t, place);
    for (Place place : {np_0f(0x17), p66_0f(0x17)})  // MOVHPS, MOVHPD
        add<high_quad, xmm_quad, nothing>(t, place);
    for (Place place : {np_0f(0x12), p66_0f(0x12)}) set_at(t, place, low_half, uses_simd);
    for (Place place : {np_0f(0x16), p66_0f(0x16)}) set_at(t, place, high_half, uses_simd);
}

}  // namespace vmft::soft
