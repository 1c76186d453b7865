#include "accel/soft/translate/emit/operands.h"
#include "accel/soft/translate/emit/sse_operands.h"

/// SSE instructions with a general register or flags: MOVD, MOVQ, conversions, sign masks, single
/// elements, compares into the flags, PTEST.
namespace vmft::soft {

using namespace host;

namespace {

using G = CodeGenerator;

unsigned wide_bytes(const GuestInsn& g) { return g.d.rex_w() ? 8 : 4; }
u8 choice(const GuestInsn& g) { return static_cast<u8>(g.insn.imm); }

/// The r/m operand, `bytes` of memory or of a general register, in a general register of at least
/// 32 bits; what is above `bytes` is undefined. Destroys rax.
HostReg general_source(Emitter& e, const GuestInsn& g, unsigned bytes) {
    unsigned width = bytes < 4 ? 4 : bytes;
    if (!g.d.memory) return e.source(g.rm(), width, flags_temp);
    Xbyak::Address address = e.at(bytes, e.memory(Emitter::Access::read, bytes));
    HostReg value = Emitter::sized(flags_temp, width);
    if (bytes < 4)
        e.movzx(value, address);
    else
        e.mov(value, address);
    return value;
}

// MOVD, MOVQ ---------------------------------------------------------------------------------

void move_from_general(Emitter& e, const GuestInsn& g) {
    XmmReg to = xmm_of(g.reg());
    unsigned bytes = wide_bytes(g);
    if (g.d.memory) {
        Xbyak::Address address = e.at(bytes, e.memory(Emitter::Access::read, bytes));
        bytes == 8 ? e.movq(to, address) : e.movd(to, address);
        return;
    }
    HostReg from = e.source(g.rm(), bytes, flags_temp);
    if (bytes == 8)
        e.movq(to, HostReg64(from.getIdx()));
    else
        e.movd(to, Xbyak::Reg32(from.getIdx()));
}

void move_to_general(Emitter& e, const GuestInsn& g) {
    XmmReg from = xmm_of(g.reg());
    unsigned bytes = wide_bytes(g);
    if (g.d.memory) {
        Xbyak::Address address = e.at(bytes, e.memory(Emitter::Access::write, bytes));
        bytes == 8 ? e.movq(address, from) : e.movd(address, from);
        return;
    }
    HostReg to = e.fresh(g.rm(), bytes, flags_temp);
    if (bytes == 8)
        e.movq(HostReg64(to.getIdx()), from);
    else
        e.movd(Xbyak::Reg32(to.getIdx()), from);
    e.assigned(g.rm(), to);
}

// Conversions ---------------------------------------------------------------------------------

using GeneralOp = void (CodeGenerator::*)(const Operand&, const Operand&);

template <GeneralOp Op>
void convert_from_general(Emitter& e, const GuestInsn& g) {
    (e.*Op)(xmm_of(g.reg()), general_source(e, g, wide_bytes(g)));
}

template <GeneralOp Op, Form form>
void convert_to_general(Emitter& e, const GuestInsn& g) {
    with_source(e, g, form, [&](const Operand& source) {
        HostReg to = e.fresh(g.reg(), wide_bytes(g), flags_temp);
        (e.*Op)(to, source);
        e.assigned(g.reg(), to);
    });
}

void add_conversions(EmitTable& t) {
    constexpr Form from_single = rounding(xmm_dword), from_double = rounding(xmm_quad);
    constexpr u32 traits = uses_simd | rounds;
    set_at(t, pf3_0f(0x2a), convert_from_general<&G::cvtsi2ss>, traits);
    set_at(t, pf2_0f(0x2a), convert_from_general<&G::cvtsi2sd>, traits);
    set_at(t, pf3_0f(0x2c), convert_to_general<&G::cvttss2si, from_single>, traits | writes_reg);
    set_at(t, pf2_0f(0x2c), convert_to_general<&G::cvttsd2si, from_double>, traits | writes_reg);
    set_at(t, pf3_0f(0x2d), convert_to_general<&G::cvtss2si, from_single>, traits | writes_reg);
    set_at(t, pf2_0f(0x2d), convert_to_general<&G::cvtsd2si, from_double>, traits | writes_reg);
}

// Sign masks and elements ---------------------------------------------------------------------

/// F(Emitter&, 32-bit register, XMM register): a general register from an XMM register in r/m.
template <typename F>
void into_register(Emitter& e, const GuestInsn& g, F f) {
    HostReg to = e.fresh(g.reg(), 4, flags_temp);
    f(Xbyak::Reg32(to.getIdx()), xmm_of(g.rm()));
    e.assigned(g.reg(), to);
}
void single_signs(Emitter& e, const GuestInsn& g) {
    into_register(e, g, [&](auto to, auto from) { e.movmskps(to, from); });
}
void double_signs(Emitter& e, const GuestInsn& g) {
    into_register(e, g, [&](auto to, auto from) { e.movmskpd(to, from); });
}
void byte_signs(Emitter& e, const GuestInsn& g) {
    into_register(e, g, [&](auto to, auto from) { e.pmovmskb(to, from); });
}
/// 0F C5
void word_into_register(Emitter& e, const GuestInsn& g) {
    into_register(e, g, [&](auto to, auto from) { e.pextrw(to, from, choice(g)); });
}

/// F(Operand, XMM register): an element of ModRM.reg into r/m.
template <typename F>
void extract(Emitter& e, const GuestInsn& g, unsigned bytes, F f) {
    if (g.d.memory) {
        f(static_cast<const Operand&>(e.at(bytes, e.memory(Emitter::Access::write, bytes))),
          xmm_of(g.reg()));
        return;
    }
    HostReg to = e.fresh(g.rm(), bytes < 4 ? 4 : bytes, flags_temp);
    f(static_cast<const Operand&>(to), xmm_of(g.reg()));
    e.assigned(g.rm(), to);
}
void extract_byte(Emitter& e, const GuestInsn& g) {
    extract(e, g, 1, [&](auto& to, auto from) { e.pextrb(to, from, choice(g)); });
}
void extract_word(Emitter& e, const GuestInsn& g) {
    extract(e, g, 2, [&](auto& to, auto from) { e.pextrw(to, from, choice(g)); });
}
void extract_by_size(Emitter& e, const GuestInsn& g) {
    extract(e, g, wide_bytes(g), [&](auto& to, auto from) {
        g.d.rex_w() ? e.pextrq(to, from, choice(g)) : e.pextrd(to, from, choice(g));
    });
}
void extract_single(Emitter& e, const GuestInsn& g) {
    extract(e, g, 4, [&](auto& to, auto from) { e.extractps(to, from, choice(g)); });
}

void insert_byte(Emitter& e, const GuestInsn& g) {
    e.pinsrb(xmm_of(g.reg()), general_source(e, g, 1), choice(g));
}
void insert_word(Emitter& e, const GuestInsn& g) {
    e.pinsrw(xmm_of(g.reg()), general_source(e, g, 2), choice(g));
}
void insert_by_size(Emitter& e, const GuestInsn& g) {
    HostReg value = general_source(e, g, wide_bytes(g));
    g.d.rex_w() ? e.pinsrq(xmm_of(g.reg()), value, choice(g))
                : e.pinsrd(xmm_of(g.reg()), value, choice(g));
}

void add_elements(EmitTable& t) {
    set_at(t, np_0f(0x50), single_signs, uses_simd | writes_reg);
    set_at(t, p66_0f(0x50), double_signs, uses_simd | writes_reg);
    set_at(t, p66_0f(0xd7), byte_signs, uses_simd | writes_reg);
    set_at(t, p66_0f(0xc5), word_into_register, uses_simd | writes_reg);
    set_at(t, p66_0f3a(0x14), extract_byte, uses_simd | writes_rm);
    set_at(t, p66_0f3a(0x15), extract_word, uses_simd | writes_rm);
    set_at(t, p66_0f3a(0x16), extract_by_size, uses_simd | writes_rm);
    set_at(t, p66_0f3a(0x17), extract_single, uses_simd | writes_rm);
    set_at(t, p66_0f3a(0x20), insert_byte, uses_simd);
    set_at(t, p66_0f(0xc4), insert_word, uses_simd);
    set_at(t, p66_0f3a(0x22), insert_by_size, uses_simd);
}

// Into the flags ------------------------------------------------------------------------------

/// All six are defined: OF, SF and AF become 0, with PTEST PF too.
template <XmmOp Op, Form form>
void compare(Emitter& e, const GuestInsn& g) {
    e.lose_host_flags();
    with_source(e, g, form, [&](const Operand& source) { (e.*Op)(xmm_of(g.reg()), source); });
    e.host_flags_set();
}
template <XmmOp Op, Form form>
void add_compare(EmitTable& table, Place place) {
    set_at(table, place, compare<Op, form>, traits_of(form) | sets_flags);
}

}  // namespace

void add_sse_general(EmitTable& t) {
    set_at(t, p66_0f(0x6e), move_from_general, uses_simd);
    set_at(t, p66_0f(0x7e), move_to_general, uses_simd | writes_rm);
    add_conversions(t);
    add_elements(t);
    add_compare<&G::ucomiss, rounding(xmm_dword)>(t, np_0f(0x2e));
    add_compare<&G::comiss, rounding(xmm_dword)>(t, np_0f(0x2f));
    add_compare<&G::ucomisd, rounding(xmm_quad)>(t, p66_0f(0x2e));
    add_compare<&G::comisd, rounding(xmm_quad)>(t, p66_0f(0x2f));
    add_compare<&G::ptest, xmm_form>(t, p66_0f38(0x17));
}

}  // namespace vmft::soft
