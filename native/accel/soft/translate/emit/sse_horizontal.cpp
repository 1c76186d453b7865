#include "accel/soft/translate/emit/sse_operands.h"

/// HADDPS, HADDPD, HSUBPS, HSUBPD, put together as in exec/sse_float_horizontal.cpp: which of two
/// NaNs the host's own would keep is open.
namespace vmft::soft {

using namespace host;

namespace {

constexpr Form form = rounding(xmm_form);

/// Calls `use` with an XMM register that is neither operand, and restores it. Its place in Cpu is
/// free while translated code runs.
template <typename Use>
void with_spare(Emitter& e, const GuestInsn& g, Use use) {
    unsigned number = 0;
    while (number == g.reg() || (!g.d.memory && number == g.rm())) number++;
    Xbyak::Address place =
        e.ptr[Emitter::field(VMFT_CPU_FIELD(xmm) + static_cast<int>(number) * 16)];
    e.movaps(place, xmm_of(number));
    use(xmm_of(number));
    e.movaps(xmm_of(number), place);
}

/// Op(elements 0 and 2 of both operands, elements 1 and 3).
template <XmmOp Op>
void singles(Emitter& e, const GuestInsn& g) {
    with_source(e, g, form, [&](const Operand& source) {
        with_spare(e, g, [&](const XmmReg& odd) {
            XmmReg even = xmm_of(g.reg());
            e.movaps(odd, even);
            e.shufps(odd, source, 0xdd);
            e.shufps(even, source, 0x88);
            (e.*Op)(even, odd);
        });
    });
}

template <XmmOp Op>
void doubles(Emitter& e, const GuestInsn& g) {
    with_source(e, g, form, [&](const Operand& source) {
        with_spare(e, g, [&](const XmmReg& high) {
            XmmReg low = xmm_of(g.reg());
            e.movaps(high, low);
            e.unpckhpd(high, source);
            e.unpcklpd(low, source);
            (e.*Op)(low, high);
        });
    });
}

}  // namespace

void add_sse_horizontal(EmitTable& t) {
    using G = CodeGenerator;
    set_at(t, pf2_0f(0x7c), singles<&G::addps>, traits_of(form));
    set_at(t, pf2_0f(0x7d), singles<&G::subps>, traits_of(form));
    set_at(t, p66_0f(0x7c), doubles<&G::addpd>, traits_of(form));
    set_at(t, p66_0f(0x7d), doubles<&G::subpd>, traits_of(form));
}

}  // namespace vmft::soft
