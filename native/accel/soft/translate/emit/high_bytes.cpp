#include "accel/soft/translate/emit/alu_operation.h"

/// AH, CH, DH and BH, which have no place of their own in most of the host's registers: they are
/// worked on in AL and DL.
namespace vmft::soft {

using namespace host;
using Xbyak::Reg8;

namespace {

/// The 8-bit guest register `number` into the low byte of `into` (rax or rdx). No flags change.
HostReg byte_into(Emitter& e, const GuestInsn& g, unsigned number, const HostReg64& into) {
    bool high = g.high_byte(number);
    e.with_operand(high ? number - 4 : number, 4,
                   [&](const Xbyak::Operand& value) { e.mov(into.cvt32(), value); });
    if (high) e.movzx(into.cvt32(), into == flags_temp ? e.ah : e.dh);
    return into.cvt8();
}

/// `value`, AL or DL, into the 8-bit guest register `number`. Destroys `other`, the other of rax
/// and rdx. No flags change.
void assign_byte(Emitter& e, const GuestInsn& g, unsigned number, const HostReg& value,
                 const HostReg64& other) {
    if (!g.high_byte(number)) {
        HostReg to = e.target(number, 1, other);
        e.mov(to, value);
        e.assigned(number, to);
        return;
    }
    HostReg64 holder = Emitter::home(number - 4);
    e.mov(other, holder);
    e.mov(other == flags_temp ? e.ah : e.dh, value);
    e.mov(holder, other);
}

// ADD … CMP, TEST ---------------------------------------------------------------------------

void begin_flags(Emitter& e, Alu op) {
    if (uses_carry(op))
        e.load_host_flags();
    else
        e.lose_host_flags();
}

void operate_registers(Emitter& e, const GuestInsn& g, Alu op, unsigned to, unsigned from) {
    begin_flags(e, op);
    HostReg b = byte_into(e, g, from, flags_temp), a = byte_into(e, g, to, temp);
    operate(e, op, a, b);
    if (op != Alu::cmp) assign_byte(e, g, to, a, flags_temp);
    e.host_flags_set();
}

template <Alu Op>
void to_rm(Emitter& e, const GuestInsn& g) {
    if (!g.d.memory) return operate_registers(e, g, Op, g.rm(), g.reg());
    HostAddress address = operand_for(e, Op, Op != Alu::cmp, 1);
    operate(e, Op, e.at(1, address), byte_into(e, g, g.reg(), flags_temp));
    e.host_flags_set();
}

template <Alu Op>
void from_rm(Emitter& e, const GuestInsn& g) {
    if (!g.d.memory) return operate_registers(e, g, Op, g.reg(), g.rm());
    HostAddress address = operand_for(e, Op, false, 1);
    e.movzx(e.eax, e.at(1, address));
    HostReg a = byte_into(e, g, g.reg(), temp);
    operate(e, Op, a, e.al);
    if (Op != Alu::cmp) assign_byte(e, g, g.reg(), a, flags_temp);
    e.host_flags_set();
}

template <Alu Op>
void immediate(Emitter& e, const GuestInsn& g) {
    begin_flags(e, Op);
    HostReg a = byte_into(e, g, g.rm(), temp);
    operate(e, Op, a, immediate_of(g));
    if (Op != Alu::cmp) assign_byte(e, g, g.rm(), a, flags_temp);
    e.host_flags_set();
}

void test_registers(Emitter& e, const GuestInsn& g) {
    if (g.d.memory) {
        HostAddress address = e.memory(Emitter::Access::read, 1);
        e.test(e.at(1, address), byte_into(e, g, g.reg(), flags_temp));
    } else {
        e.lose_host_flags();
        HostReg b = byte_into(e, g, g.reg(), flags_temp);
        e.test(byte_into(e, g, g.rm(), temp), b);
    }
    e.host_flags_set();
}

void test_immediate(Emitter& e, const GuestInsn& g) {
    e.lose_host_flags();
    e.test(byte_into(e, g, g.rm(), temp), immediate_of(g));
    e.host_flags_set();
}

// Moves ---------------------------------------------------------------------------------------

void move_register(Emitter& e, const GuestInsn& g, unsigned to, unsigned from) {
    assign_byte(e, g, to, byte_into(e, g, from, temp), flags_temp);
}

void store(Emitter& e, const GuestInsn& g) {
    if (!g.d.memory) return move_register(e, g, g.rm(), g.reg());
    HostAddress address = e.memory(Emitter::Access::write, 1);
    e.mov(e.at(1, address), byte_into(e, g, g.reg(), flags_temp));
}

void load(Emitter& e, const GuestInsn& g) {
    if (!g.d.memory) return move_register(e, g, g.reg(), g.rm());
    HostAddress address = e.memory(Emitter::Access::read, 1);
    e.movzx(e.eax, e.at(1, address));
    assign_byte(e, g, g.reg(), e.al, temp);
}

void store_immediate(Emitter& e, const GuestInsn& g) {
    unsigned to = g.d.opcode == 0xc6 ? g.rm() : g.opcode_register();
    e.mov(temp.cvt32(), static_cast<u32>(g.insn.imm & 0xff));
    assign_byte(e, g, to, temp.cvt8(), flags_temp);
}

/// MOVZX, MOVSX
void extend(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.d.operand_bytes;
    byte_into(e, g, g.rm(), temp);
    if (g.d.opcode == 0xbe) e.movsx(temp, e.dl);
    HostReg to =
        bytes < 4 ? e.target(g.reg(), bytes, flags_temp) : e.fresh(g.reg(), bytes, flags_temp);
    e.mov(to, Emitter::sized(temp, bytes));
    e.assigned(g.reg(), to);
}

void set_if(Emitter& e, const GuestInsn& g) {
    unsigned code = g.d.opcode & 15;
    e.load_condition(code);
    e.set(code, e.dl);
    assign_byte(e, g, g.rm(), e.dl, flags_temp);
}

template <Alu Op>
void add_operation(EmitTable& table) {
    auto map = OpcodeMap::one_byte;
    u8 first = static_cast<u8>(static_cast<unsigned>(Op) << 3);
    u32 flags = flag_traits(Op), rm = Op == Alu::cmp ? 0 : writes_rm,
        reg = Op == Alu::cmp ? 0 : writes_reg;
    table.set_for_high_bytes(map, first, {to_rm<Op>, flags | rm});
    table.set_for_high_bytes(map, first + 2, {from_rm<Op>, flags | reg});
    table.set_for_high_bytes(map, 0x80, {immediate<Op>, flags | rm}, static_cast<unsigned>(Op));
}

}  // namespace

void add_high_bytes(EmitTable& table) {
    auto one = OpcodeMap::one_byte, two = OpcodeMap::two_byte;
    for_each_alu([&]<Alu Op>() { add_operation<Op>(table); });
    table.set_for_high_bytes(one, 0x84, {test_registers, sets_flags});
    table.set_for_high_bytes(one, 0xf6, {test_immediate, sets_flags}, 0);
    table.set_for_high_bytes(one, 0xf6, {test_immediate, sets_flags}, 1);
    table.set_for_high_bytes(one, 0x88, {store, writes_rm});
    table.set_for_high_bytes(one, 0x8a, {load, writes_reg});
    table.set_for_high_bytes(one, 0xc6, {store_immediate, writes_rm}, 0);
    for (unsigned opcode = 0xb4; opcode < 0xb8; opcode++)
        table.set_for_high_bytes(one, static_cast<u8>(opcode), {store_immediate, writes_opcode});
    table.set_for_high_bytes(two, 0xb6, {extend, writes_reg});
    table.set_for_high_bytes(two, 0xbe, {extend, writes_reg});
    for (unsigned opcode = 0x90; opcode < 0xa0; opcode++)
        table.set_for_high_bytes(two, static_cast<u8>(opcode), {set_if, reads_flags | writes_rm});
}

}  // namespace vmft::soft
