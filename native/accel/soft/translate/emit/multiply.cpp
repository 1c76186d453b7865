#include "accel/soft/translate/emit/operands.h"

/// MUL, IMUL, DIV, IDIV of 32 and 64 bits, IMUL into a register of any operand size.
///
/// After a multiplication the host defines CF and OF; SF, ZF and PF follow the low half, AF is 0
/// (exec/integer_multiply.cpp). A division that would raise #DE never runs on the host.
namespace vmft::soft {

using namespace host;

namespace {

/// From the host's CF and OF and from `low`. Destroys rax.
void product_flags(Emitter& e, const HostReg& low) {
    if (e.flags_dead()) return e.host_flags_set();
    e.seto(e.al);
    e.test(low, low);
    e.lahf();
    e.or_(e.ah, e.al);
    e.mov(e.flags_word(), e.ax);
    e.memory_flags_set();
}

/// IMUL r, rm
void multiply_register(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.d.operand_bytes;
    auto multiply = [&](const Xbyak::Operand& source) {
        HostReg product = e.target(g.reg(), bytes, flags_temp);
        e.imul(product, source);
        e.assigned(g.reg(), product);
        if (in_host_register(g.reg())) return product_flags(e, product);
        HostReg copy = Emitter::sized(temp, bytes);
        e.mov(copy, product);
        product_flags(e, copy);
    };
    if (g.d.memory) {
        multiply(e.at(bytes, e.memory(Emitter::Access::read, bytes)));
        return;
    }
    e.lose_host_flags();
    e.with_operand(g.rm(), bytes, multiply);
}

/// IMUL r, rm, imm
void multiply_immediate(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.d.operand_bytes;
    HostReg product = Emitter::sized(temp, bytes);
    auto multiply = [&](const Xbyak::Operand& source) {
        e.imul(product, source, static_cast<int>(g.insn.imm));
    };
    if (g.d.memory) {
        multiply(e.at(bytes, e.memory(Emitter::Access::read, bytes)));
    } else {
        e.lose_host_flags();
        e.with_operand(g.rm(), bytes, multiply);
    }
    HostReg to =
        bytes < 4 ? e.target(g.reg(), bytes, address_temp) : e.fresh(g.reg(), bytes, address_temp);
    e.mov(to, product);
    e.assigned(g.reg(), to);
    product_flags(e, product);
}

bool wide(const GuestInsn& g) { return g.width() >= 4; }

template <bool Signed>
void multiply_accumulator(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    HostReg64 a = Emitter::home(rax_of_guest), d = Emitter::home(rdx_of_guest);
    auto multiply = [&](const Xbyak::Operand& source) {
        e.mov(flags_temp, a);
        if constexpr (Signed)
            e.imul(source);
        else
            e.mul(source);
    };
    if (g.d.memory) {
        multiply(e.at(bytes, e.memory(Emitter::Access::read, bytes)));
    } else {
        e.lose_host_flags();
        e.with_operand(g.rm(), bytes, multiply);
    }
    e.mov(Emitter::sized(a, bytes), Emitter::sized(flags_temp, bytes));
    e.mov(Emitter::sized(d, bytes), Emitter::sized(temp, bytes));
    product_flags(e, Emitter::sized(a, bytes));
}

/// The divisor, in a register other than rax and rdx.
HostReg divisor_of(Emitter& e, const GuestInsn& g, unsigned bytes) {
    if (!g.d.memory) {
        e.lose_host_flags();
        return e.source(g.rm(), bytes, address_temp);
    }
    HostAddress address = e.memory(Emitter::Access::read, bytes);
    HostReg divisor = Emitter::sized(address_temp, bytes);
    e.mov(divisor, e.at(bytes, address));
    return divisor;
}

void quotient_to_guest(Emitter& e, unsigned bytes) {
    e.mov(Emitter::sized(Emitter::home(rax_of_guest), bytes), Emitter::sized(flags_temp, bytes));
    e.mov(Emitter::sized(Emitter::home(rdx_of_guest), bytes), Emitter::sized(temp, bytes));
}

/// The quotient fits if the upper half is less than the divisor (which is then not 0).
void divide(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    HostReg divisor = divisor_of(e, g, bytes);
    HostReg high = Emitter::sized(Emitter::home(rdx_of_guest), bytes);
    e.cmp(high, divisor);
    e.jae(e.slow_path(), Emitter::T_NEAR);
    e.mov(Emitter::sized(flags_temp, bytes), Emitter::sized(Emitter::home(rax_of_guest), bytes));
    e.mov(Emitter::sized(temp, bytes), high);
    e.div(divisor);
    quotient_to_guest(e, bytes);
}

/// The quotient fits if the dividend is one of the divisor's width, and the divisor neither 0 nor
/// -1: other divisions are rare.
void signed_divide(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    HostReg divisor = divisor_of(e, g, bytes), low = Emitter::sized(flags_temp, bytes),
            high = Emitter::sized(temp, bytes);
    e.lea(high, e.ptr[divisor.cvt64() + 1]);
    e.cmp(high, 1);
    e.jbe(e.slow_path(), Emitter::T_NEAR);
    e.mov(low, Emitter::sized(Emitter::home(rax_of_guest), bytes));
    e.mov(high, low);
    e.sar(high, static_cast<int>(bytes) * 8 - 1);
    e.cmp(high, Emitter::sized(Emitter::home(rdx_of_guest), bytes));
    e.jne(e.slow_path(), Emitter::T_NEAR);
    e.idiv(divisor);
    quotient_to_guest(e, bytes);
}

}  // namespace

void add_multiply(EmitTable& table) {
    auto one = OpcodeMap::one_byte;
    table.set(OpcodeMap::two_byte, 0xaf, multiply_register, sets_flags | writes_reg);
    table.set(one, 0x69, multiply_immediate, sets_flags | writes_reg);
    table.set(one, 0x6b, multiply_immediate, sets_flags | writes_reg);
    constexpr u32 pair = writes_rax | writes_rdx;
    table.set_in_group(one, 0xf7, 4, {multiply_accumulator<false>, sets_flags | pair, wide});
    table.set_in_group(one, 0xf7, 5, {multiply_accumulator<true>, sets_flags | pair, wide});
    table.set_in_group(one, 0xf7, 6, {divide, may_give_up | pair, wide});
    table.set_in_group(one, 0xf7, 7, {signed_divide, may_give_up | pair, wide});
}

}  // namespace vmft::soft
