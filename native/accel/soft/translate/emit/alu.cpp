#include "accel/soft/translate/emit/alu_operation.h"
#include "accel/soft/translate/emit_table.h"

/// ADD, OR, ADC, SBB, AND, SUB, XOR, CMP, TEST, INC, DEC, NEG, NOT.
namespace vmft::soft {

using namespace host;
using Xbyak::Operand;

namespace {

/// The recipe after `a op b`, `a` and `b` being registers, `b` unchanged unless it is `a`.
FlagRecipe recipe_of(Alu op, unsigned bytes, unsigned a, unsigned b) {
    FlagRecipe recipe{FlagRecipe::Kind::none, static_cast<u8>(bytes), static_cast<u8>(a),
                      static_cast<u8>(b)};
    switch (op) {
    case Alu::cmp: recipe.kind = FlagRecipe::Kind::compare; break;
    case Alu::add:
        if (a != b) recipe.kind = FlagRecipe::Kind::sum;
        break;
    case Alu::sub:
        if (a != b) recipe.kind = FlagRecipe::Kind::difference;
        break;
    case Alu::bit_or:
    case Alu::bit_and:
    case Alu::bit_xor:
        recipe.kind = FlagRecipe::Kind::test;
        recipe.b = recipe.a;
        break;
    default: break;
    }
    return recipe;
}
FlagRecipe recipe_of(Alu op, unsigned bytes, unsigned a, i32 immediate) {
    FlagRecipe recipe = recipe_of(op, bytes, a, a ^ 1);
    if (recipe.kind != FlagRecipe::Kind::test) {
        recipe.b_is_immediate = true;
        recipe.immediate = immediate;
    }
    return recipe;
}

/// op register, register
void register_register(Emitter& e, Alu op, unsigned to, unsigned from, unsigned bytes) {
    if (uses_carry(op))
        e.load_host_flags();
    else
        e.lose_host_flags();
    HostReg b = e.source(from, bytes, temp);
    HostReg a =
        op == Alu::cmp ? e.source(to, bytes, address_temp) : e.target(to, bytes, address_temp);
    bool cleared = op == Alu::bit_xor && to == from && bytes >= 4;
    if (cleared)
        e.xor_(a.cvt32(), a.cvt32());
    else
        operate(e, op, a, b);
    if (op != Alu::cmp) e.assigned(to, a);
    e.host_flags_set(FlagRepair::none, recipe_of(op, bytes, to, from));
}

void register_immediate(Emitter& e, Alu op, unsigned to, unsigned bytes) {
    if (uses_carry(op))
        e.load_host_flags();
    else
        e.lose_host_flags();
    i32 immediate = static_cast<i32>(e.guest().insn.imm);
    HostReg a =
        op == Alu::cmp ? e.source(to, bytes, address_temp) : e.target(to, bytes, address_temp);
    operate(e, op, a, immediate_of(e.guest()));
    if (op != Alu::cmp) e.assigned(to, a);
    e.host_flags_set(FlagRepair::none, recipe_of(op, bytes, to, immediate));
}

template <Alu Op>
void to_rm(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    if (!g.d.memory) return register_register(e, Op, g.rm(), g.reg(), bytes);
    HostAddress address = operand_for(e, Op, Op != Alu::cmp, bytes);
    operate(e, Op, e.at(bytes, address), e.source(g.reg(), bytes, flags_temp));
    e.host_flags_set();
}

template <Alu Op>
void from_rm(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    if (!g.d.memory) return register_register(e, Op, g.reg(), g.rm(), bytes);
    HostAddress address = operand_for(e, Op, false, bytes);
    HostReg a = e.target(g.reg(), bytes, flags_temp);
    operate(e, Op, a, e.at(bytes, address));
    if (Op != Alu::cmp) e.assigned(g.reg(), a);
    e.host_flags_set();
}

void rm_immediate(Emitter& e, Alu op, const GuestInsn& g) {
    unsigned bytes = g.width();
    if (!g.d.memory) return register_immediate(e, op, g.rm(), bytes);
    HostAddress address = operand_for(e, op, op != Alu::cmp, bytes);
    operate(e, op, e.at(bytes, address), immediate_of(g));
    e.host_flags_set();
}

template <Alu Op>
void group_immediate(Emitter& e, const GuestInsn& g) {
    rm_immediate(e, Op, g);
}

template <Alu Op>
void accumulator(Emitter& e, const GuestInsn& g) {
    register_immediate(e, Op, rax_of_guest, g.width());
}

// TEST ------------------------------------------------------------------------------------

void test_registers(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    FlagRecipe recipe{FlagRecipe::Kind::test, static_cast<u8>(bytes), static_cast<u8>(g.rm()),
                      static_cast<u8>(g.reg())};
    if (g.d.memory) {
        HostAddress address = e.memory(Emitter::Access::read, bytes);
        e.test(e.at(bytes, address), e.source(g.reg(), bytes, flags_temp));
        recipe = {};
    } else {
        e.lose_host_flags();
        HostReg b = e.source(g.reg(), bytes, temp);
        e.test(e.source(g.rm(), bytes, address_temp), b);
    }
    e.host_flags_set(FlagRepair::none, recipe);
}

void test_immediate_of(Emitter& e, unsigned reg, unsigned bytes) {
    e.lose_host_flags();
    e.test(e.source(reg, bytes, temp), immediate_of(e.guest()));
    e.host_flags_set(FlagRepair::none,
                     {FlagRecipe::Kind::test, static_cast<u8>(bytes), static_cast<u8>(reg), 0, true,
                      static_cast<i32>(e.guest().insn.imm)});
}

void test_accumulator(Emitter& e, const GuestInsn& g) {
    test_immediate_of(e, rax_of_guest, g.width());
}

// F6/F7 /0-/3, FE/FF /0 /1 ---------------------------------------------------------------------

void one_operand(Emitter& e, const GuestInsn& g, bool leaves_carry,
                 void (*operation)(Emitter&, const Operand&)) {
    bool keeps_carry = leaves_carry && !e.flags_dead();
    unsigned bytes = g.width();
    if (g.d.memory) {
        if (keeps_carry) e.save_flags();
        HostAddress address = e.memory(Emitter::Access::write, bytes);
        if (keeps_carry) e.load_host_flags();
        operation(e, e.at(bytes, address));
        return;
    }
    if (keeps_carry)
        e.load_host_flags();
    else
        e.lose_host_flags();
    HostReg a = e.target(g.rm(), bytes, address_temp);
    operation(e, a);
    e.assigned(g.rm(), a);
}

void test_immediate(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    if (!g.d.memory) return test_immediate_of(e, g.rm(), bytes);
    HostAddress address = e.memory(Emitter::Access::read, bytes);
    e.test(e.at(bytes, address), immediate_of(g));
    e.host_flags_set();
}

void negate(Emitter& e, const GuestInsn& g) {
    one_operand(e, g, false, [](Emitter& e, const Operand& a) { e.neg(a); });
    e.host_flags_set();
}

/// NOT touches no flag.
void invert(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    if (g.d.memory) {
        HostAddress address = e.memory(Emitter::Access::write, bytes);
        e.not_(e.at(bytes, address));
        return;
    }
    HostReg a = e.target(g.rm(), bytes, address_temp);
    e.not_(a);
    e.assigned(g.rm(), a);
}

void increment(Emitter& e, const GuestInsn& g) {
    one_operand(e, g, true, [](Emitter& e, const Operand& a) { e.inc(a); });
    e.host_flags_set();
}
void decrement(Emitter& e, const GuestInsn& g) {
    one_operand(e, g, true, [](Emitter& e, const Operand& a) { e.dec(a); });
    e.host_flags_set();
}

template <Alu Op>
EmitEntry group_entry() {
    return {group_immediate<Op>, flag_traits(Op) | (Op == Alu::cmp ? 0u : writes_rm),
            no_high_byte_rm};
}

template <Alu Op>
void add_operation(EmitTable& table) {
    auto map = OpcodeMap::one_byte;
    u8 first = static_cast<u8>(static_cast<unsigned>(Op) << 3);
    u32 flags = flag_traits(Op);
    u32 rm = Op == Alu::cmp ? 0 : writes_rm, reg = Op == Alu::cmp ? 0 : writes_reg;
    table.set(map, first, to_rm<Op>, flags | rm, no_high_bytes);
    table.set(map, first + 1, to_rm<Op>, flags | rm);
    table.set(map, first + 2, from_rm<Op>, flags | reg, no_high_bytes);
    table.set(map, first + 3, from_rm<Op>, flags | reg);
    u32 result = Op == Alu::cmp ? 0 : writes_rax;
    table.set(map, first + 4, accumulator<Op>, flags | result);
    table.set(map, first + 5, accumulator<Op>, flags | result);
}

}  // namespace

void add_alu(EmitTable& table) {
    auto map = OpcodeMap::one_byte;
    for_each_alu([&]<Alu Op>() { add_operation<Op>(table); });
    for (u8 opcode : {0x80, 0x81, 0x83})
        for_each_alu([&]<Alu Op>() {
            table.set_in_group(map, opcode, static_cast<unsigned>(Op), group_entry<Op>());
        });
    const EmitEntry test{test_immediate, sets_flags, no_high_byte_rm};
    for (u8 opcode : {0xf6, 0xf7}) {
        table.set_in_group(map, opcode, 0, test);
        table.set_in_group(map, opcode, 1, test);
        table.set_in_group(map, opcode, 2, {invert, writes_rm, no_high_byte_rm});
        table.set_in_group(map, opcode, 3, {negate, sets_flags | writes_rm, no_high_byte_rm});
    }
    for (u8 opcode : {0xfe, 0xff}) {
        u32 traits = sets_flags | keeps_flags | writes_rm;
        table.set_in_group(map, opcode, 0, {increment, traits, no_high_byte_rm});
        table.set_in_group(map, opcode, 1, {decrement, traits, no_high_byte_rm});
    }
    table.set(map, 0x84, test_registers, sets_flags, no_high_bytes);
    table.set(map, 0x85, test_registers, sets_flags);
    table.set(map, 0xa8, test_accumulator, sets_flags);
    table.set(map, 0xa9, test_accumulator, sets_flags);
}

}  // namespace vmft::soft
