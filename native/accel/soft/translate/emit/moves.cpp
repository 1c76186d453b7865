#include "accel/soft/translate/emit/operands.h"

/// MOV, MOVZX, MOVSX, MOVSXD, LEA, XCHG of registers, CMOVcc, SETcc, sign extensions of the
/// accumulator.
namespace vmft::soft {

using namespace host;

namespace {

/// A narrow value into the low part of a guest register; `value` is no part of rdx.
void assign_low(Emitter& e, unsigned reg, const HostReg& value, unsigned bytes) {
    HostReg to = e.target(reg, bytes, temp);
    e.mov(to, value);
    e.assigned(reg, to);
}

void assign(Emitter& e, unsigned reg, const HostReg& value, unsigned bytes) {
    if (bytes < 4) return assign_low(e, reg, value, bytes);
    HostReg to = e.fresh(reg, bytes, temp);
    e.mov(to, value);
    e.assigned(reg, to);
}

void register_to_register(Emitter& e, unsigned to, unsigned from, unsigned bytes) {
    if (bytes < 4) return assign_low(e, to, e.source(from, bytes, flags_temp), bytes);
    HostReg target = e.fresh(to, bytes, temp);
    e.with_operand(from, bytes, [&](const Xbyak::Operand& source) { e.mov(target, source); });
    e.assigned(to, target);
}

void store(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    if (!g.d.memory) return register_to_register(e, g.rm(), g.reg(), bytes);
    HostAddress address = e.memory(Emitter::Access::write, bytes);
    e.mov(e.at(bytes, address), e.source(g.reg(), bytes, flags_temp));
}

void load(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    if (!g.d.memory) return register_to_register(e, g.reg(), g.rm(), bytes);
    HostAddress address = e.memory(Emitter::Access::read, bytes);
    HostReg to =
        bytes < 4 ? e.target(g.reg(), bytes, flags_temp) : e.fresh(g.reg(), bytes, flags_temp);
    e.mov(to, e.at(bytes, address));
    e.assigned(g.reg(), to);
}

void store_immediate(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    if (g.d.memory) {
        HostAddress address = e.memory(Emitter::Access::write, bytes);
        e.mov(e.at(bytes, address), g.insn.imm);
        return;
    }
    HostReg to = bytes < 4 ? e.target(g.rm(), bytes, temp) : e.fresh(g.rm(), bytes, temp);
    e.mov(to, g.insn.imm);
    e.assigned(g.rm(), to);
}

/// B0-BF
void immediate_to_register(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.d.opcode < 0xb8 ? 1 : g.d.operand_bytes, reg = g.opcode_register();
    HostReg to = bytes < 4 ? e.target(reg, bytes, temp) : e.fresh(reg, bytes, temp);
    e.mov(to, g.insn.imm);
    e.assigned(reg, to);
}
bool no_high_opcode_byte(const GuestInsn& g) {
    return g.d.opcode >= 0xb8 || !g.high_byte(g.opcode_register());
}

/// An 8- or 16-bit operand into a register of operand size.
void extend(Emitter& e, const GuestInsn& g, bool with_sign, unsigned from_bytes) {
    unsigned bytes = g.d.operand_bytes;
    auto from = [&](const Xbyak::Operand& source) {
        HostReg to =
            bytes < 4 ? e.target(g.reg(), bytes, flags_temp) : e.fresh(g.reg(), bytes, flags_temp);
        if (bytes == from_bytes)
            e.mov(to, source);
        else if (from_bytes == 4)
            e.movsxd(HostReg64(to.getIdx()), source);
        else if (with_sign)
            e.movsx(to, source);
        else
            e.movzx(to.isBit(64) ? HostReg(to.cvt32()) : to, source);
        e.assigned(g.reg(), to);
    };
    if (g.d.memory)
        from(e.at(from_bytes, e.memory(Emitter::Access::read, from_bytes)));
    else
        e.with_operand(g.rm(), from_bytes, from);
}
void zero_extend(Emitter& e, const GuestInsn& g) { extend(e, g, false, g.d.opcode & 1 ? 2 : 1); }
void sign_extend_narrow(Emitter& e, const GuestInsn& g) {
    extend(e, g, true, g.d.opcode & 1 ? 2 : 1);
}
/// 63: without REX.W a plain move.
void sign_extend_dword(Emitter& e, const GuestInsn& g) {
    extend(e, g, true, g.d.operand_bytes == 8 ? 4 : g.d.operand_bytes);
}
bool no_high_byte_source(const GuestInsn& g) {
    return g.d.opcode & 1 || g.d.memory || !g.high_byte(g.rm());
}

void load_address(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.d.operand_bytes;
    e.lose_host_flags();
    e.effective_address(address_temp);
    if (bytes < 4) return assign_low(e, g.reg(), address_temp.cvt16(), bytes);
    HostReg to = e.fresh(g.reg(), bytes, address_temp);
    if (in_host_register(g.reg()))
        e.mov(to, Emitter::sized(address_temp, bytes));
    else if (bytes == 4)
        e.mov(address_temp.cvt32(), address_temp.cvt32());
    e.assigned(g.reg(), to);
}

// XCHG -------------------------------------------------------------------------------------

void exchange_registers(Emitter& e, unsigned a, unsigned b, unsigned bytes) {
    e.with_operand(a, 8, [&](const Xbyak::Operand& value) { e.mov(flags_temp, value); });
    e.with_operand(b, 8, [&](const Xbyak::Operand& value) { e.mov(address_temp, value); });
    assign(e, a, Emitter::sized(address_temp, bytes), bytes);
    assign(e, b, Emitter::sized(flags_temp, bytes), bytes);
}

void exchange(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    if (!g.d.memory) return exchange_registers(e, g.rm(), g.reg(), bytes);
    HostAddress address = e.memory(Emitter::Access::write, bytes);
    // Not the host's XCHG, which locks the bus.
    e.lea(temp, e.ptr[address]);
    e.mov(Emitter::sized(flags_temp, bytes), e.at(bytes, HostAddress(temp)));
    e.mov(e.at(bytes, HostAddress(temp)), e.source(g.reg(), bytes, address_temp));
    assign(e, g.reg(), Emitter::sized(flags_temp, bytes), bytes);
}

void exchange_accumulator(Emitter& e, const GuestInsn& g) {
    exchange_registers(e, rax_of_guest, g.opcode_register(), g.d.operand_bytes);
}
/// 90 without REX.B is NOP, or PAUSE with F3.
void nop_or_exchange(Emitter& e, const GuestInsn& g) {
    if (g.opcode_register() != rax_of_guest) exchange_accumulator(e, g);
}

// Conditions ---------------------------------------------------------------------------------

void move_if(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.d.operand_bytes, code = g.d.opcode & 15;
    auto from = [&](const Xbyak::Operand& source) {
        HostReg to = e.target(g.reg(), bytes, address_temp);
        e.cmov(code, to, source);
        e.assigned(g.reg(), to);
    };
    if (g.d.memory) {
        e.save_flags();
        HostAddress address = e.memory(Emitter::Access::read, bytes);
        e.mov(Emitter::sized(temp, bytes), e.at(bytes, address));
        e.load_condition(code);
        from(Emitter::sized(temp, bytes));
        return;
    }
    e.load_condition(code);
    e.with_operand(g.rm(), bytes, from);
}

void set_if(Emitter& e, const GuestInsn& g) {
    unsigned code = g.d.opcode & 15;
    if (g.d.memory) {
        e.save_flags();
        HostAddress address = e.memory(Emitter::Access::write, 1);
        e.load_condition(code);
        e.set(code, e.at(1, address));
        return;
    }
    e.load_condition(code);
    if (in_host_register(g.rm()))
        e.set(code, Emitter::home(g.rm()).cvt8());
    else
        e.set(code, e.at(1, Emitter::field(gpr_displacement(g.rm()))));
}
bool no_high_set_byte(const GuestInsn& g) { return g.d.memory || !g.high_byte(g.rm()); }

// CBW, CWDE, CDQE; CWD, CDQ, CQO
// -------------------------------------------------------------------

void widen_accumulator(Emitter& e, const GuestInsn& g) {
    HostReg64 a = Emitter::home(rax_of_guest);
    switch (g.d.operand_bytes) {
    case 2: e.movsx(a.cvt16(), a.cvt8()); break;
    case 4: e.movsx(a.cvt32(), a.cvt16()); break;
    default: e.movsxd(a, a.cvt32()); break;
    }
}

void sign_of_accumulator(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.d.operand_bytes;
    e.lose_host_flags();
    HostReg64 a = Emitter::home(rax_of_guest), d = Emitter::home(rdx_of_guest);
    if (bytes == 2) {
        e.movsx(flags_temp.cvt32(), a.cvt16());
        e.sar(flags_temp.cvt32(), 31);
        e.mov(d.cvt16(), flags_temp.cvt16());
        return;
    }
    e.mov(Emitter::sized(d, bytes), Emitter::sized(a, bytes));
    e.sar(Emitter::sized(d, bytes), static_cast<int>(bytes) * 8 - 1);
}

}  // namespace

void add_moves(EmitTable& table) {
    auto one = OpcodeMap::one_byte, two = OpcodeMap::two_byte;
    table.set(one, 0x88, store, writes_rm, no_high_bytes);
    table.set(one, 0x89, store, writes_rm);
    table.set(one, 0x8a, load, writes_reg, no_high_bytes);
    table.set(one, 0x8b, load, writes_reg);
    table.set_in_group(one, 0xc6, 0, {store_immediate, writes_rm, no_high_byte_rm});
    table.set_in_group(one, 0xc7, 0, {store_immediate, writes_rm});
    for (unsigned opcode = 0xb0; opcode < 0xc0; opcode++)
        table.set(one, static_cast<u8>(opcode), immediate_to_register, writes_opcode,
                  no_high_opcode_byte);
    table.set(one, 0x63, sign_extend_dword, writes_reg);
    table.set(one, 0x8d, load_address, writes_reg | only_address,
              [](const GuestInsn& g) { return g.d.memory; });
    table.set(one, 0x86, exchange, writes_reg | writes_rm, no_high_bytes);
    table.set(one, 0x87, exchange, writes_reg | writes_rm);
    for (unsigned opcode = 0x90; opcode < 0x98; opcode++)
        table.set(one, static_cast<u8>(opcode), nop_or_exchange, writes_opcode | writes_rax);
    table.set(one, 0x98, widen_accumulator, writes_rax);
    table.set(one, 0x99, sign_of_accumulator, writes_rdx);
    for (unsigned opcode = 0x40; opcode < 0x50; opcode++)
        table.set(two, static_cast<u8>(opcode), move_if, reads_flags | writes_reg);
    for (unsigned opcode = 0x90; opcode < 0xa0; opcode++)
        table.set(two, static_cast<u8>(opcode), set_if, reads_flags | writes_rm, no_high_set_byte);
    table.set(two, 0xb6, zero_extend, writes_reg, no_high_byte_source);
    table.set(two, 0xb7, zero_extend, writes_reg);
    table.set(two, 0xbe, sign_extend_narrow, writes_reg, no_high_byte_source);
    table.set(two, 0xbf, sign_extend_narrow, writes_reg);
}

}  // namespace vmft::soft
