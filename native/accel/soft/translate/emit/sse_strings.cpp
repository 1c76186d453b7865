#include "accel/soft/translate/emit/operands.h"
#include "accel/soft/translate/emit/sse_operands.h"

/// PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM by the host's, which define all results and flags
/// (SDM 2B 4.1). The index comes in ECX and the mask in XMM0, which are the guest's; explicit
/// lengths are expected in EAX and EDX, which are not.
namespace vmft::soft {

using namespace host;

namespace {

template <XmmImmediateOp Op, bool explicit_lengths>
void compare(Emitter& e, const GuestInsn& g) {
    e.lose_host_flags();
    auto emit = [&](const Operand& source) {
        if (explicit_lengths) {
            e.mov(flags_temp.cvt32(), Emitter::home(rax_of_guest).cvt32());
            e.mov(temp.cvt32(), Emitter::home(rdx_of_guest).cvt32());
        }
        (e.*Op)(xmm_of(g.reg()), source, static_cast<u8>(g.insn.imm));
    };
    if (g.d.memory) {
        e.lea(address_temp, e.ptr[e.memory(Emitter::Access::read, 16)]);
        emit(e.ptr[address_temp]);
    } else {
        emit(xmm_of(g.rm()));
    }
    e.host_flags_set();
}

/// With REX.W the lengths are RAX and RDX, which Xbyak does not encode.
bool narrow_lengths(const GuestInsn& g) { return !g.d.rex_w(); }

}  // namespace

void add_sse_strings(EmitTable& t) {
    using G = CodeGenerator;
    constexpr u32 traits = uses_simd | sets_flags;
    set_at(t, p66_0f3a(0x60), compare<&G::pcmpestrm, true>, traits, narrow_lengths);
    set_at(t, p66_0f3a(0x61), compare<&G::pcmpestri, true>, traits | writes_rcx, narrow_lengths);
    set_at(t, p66_0f3a(0x62), compare<&G::pcmpistrm, false>, traits);
    set_at(t, p66_0f3a(0x63), compare<&G::pcmpistri, false>, traits | writes_rcx);
}

}  // namespace vmft::soft
