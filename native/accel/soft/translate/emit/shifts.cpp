#include "accel/soft/exec/integer_shift.h"

#include "accel/soft/translate/emit/operands.h"

/// SHL, SHR, SAR, ROL, ROR, RCL, RCR, SHLD, SHRD.
///
/// The manual defines OF for counts of 1 only, and AF never; exec/integer_shift.h says what they
/// are here. A rotation by n is one by n - 1 and one by 1, whose flags are defined.
namespace vmft::soft {

using namespace host;
using Xbyak::Operand;

namespace {

unsigned count_mask(unsigned bytes) { return bytes == 8 ? 63 : 31; }

bool counts_one(const GuestInsn& g) { return g.d.opcode == 0xd0 || g.d.opcode == 0xd1; }
unsigned count_of(const GuestInsn& g, unsigned bytes) {
    return counts_one(g) ? 1 : static_cast<unsigned>(g.insn.imm) & count_mask(bytes);
}

template <typename Count>
void operate(Emitter& e, Shift op, const Operand& target, const Count& count) {
    switch (op) {
    case Shift::rol: e.rol(target, count); break;
    case Shift::ror: e.ror(target, count); break;
    case Shift::rcl: e.rcl(target, count); break;
    case Shift::rcr: e.rcr(target, count); break;
    case Shift::shr: e.shr(target, count); break;
    case Shift::sar: e.sar(target, count); break;
    default: e.shl(target, count); break;
    }
}

/// What OF is after a shift by more than 1.
enum class Overflow : u8 { clear, carry_or_sign_changes, top_bits_differ };

/// The flags of a shift whose result is `result` (no part of rax), from the host's, to memory.
/// Destroys rax and rdx.
void store_shift_flags(Emitter& e, Overflow overflow, const HostReg& result) {
    switch (overflow) {
    case Overflow::clear: e.store_host_flags(FlagRepair::clear_af_of); break;
    case Overflow::carry_or_sign_changes:
        e.store_host_flags(FlagRepair::clear_af_of_is_cf_xor_sf);
        break;
    case Overflow::top_bits_differ:
        e.lahf();
        e.mov(Emitter::sized(temp, result.getBit() / 8), result);
        e.add(Emitter::sized(temp, result.getBit() / 8), Emitter::sized(temp, result.getBit() / 8));
        e.seto(e.al);
        e.and_(e.eax, 0xef01);
        e.mov(e.flags_word(), e.ax);
        break;
    }
}

/// The rm operand to be changed in a register other than rax and rdx; put_back() stores it where it
/// was memory, whose address is in rdx until then.
HostReg rm_in_register(Emitter& e, const GuestInsn& g, unsigned bytes) {
    if (!g.d.memory) {
        e.lose_host_flags();
        return e.target(g.rm(), bytes, address_temp);
    }
    HostAddress address = e.memory(Emitter::Access::write, bytes);
    e.lea(temp, e.ptr[address]);
    HostReg value = Emitter::sized(address_temp, bytes);
    e.mov(value, e.at(bytes, HostAddress(temp)));
    return value;
}
void put_back(Emitter& e, const GuestInsn& g, const HostReg& value) {
    if (g.d.memory)
        e.mov(e.at(value.getBit() / 8, HostAddress(temp)), value);
    else
        e.assigned(g.rm(), value);
}

// By a constant ----------------------------------------------------------------------------

FlagRepair repair_of(Shift op, unsigned count) {
    if (count == 1) return FlagRepair::clear_af;
    bool right = op == Shift::shr || op == Shift::sar;
    return right ? FlagRepair::clear_af_of : FlagRepair::clear_af_of_is_cf_xor_sf;
}

template <Shift Op>
void shift_by_constant(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width(), count = count_of(g, bytes);
    if (g.d.memory) {
        HostAddress address = e.memory(Emitter::Access::write, bytes);
        operate(e, Op, e.at(bytes, address), static_cast<int>(count));
    } else {
        e.lose_host_flags();
        HostReg value = e.target(g.rm(), bytes, address_temp);
        operate(e, Op, value, static_cast<int>(count));
        e.assigned(g.rm(), value);
    }
    e.host_flags_set(repair_of(Op, count));
}
/// A count of 0 leaves the flags alone; CF after all bits have left is undefined.
bool shifts_within(const GuestInsn& g) {
    unsigned bytes = g.width(), count = count_of(g, bytes);
    return count != 0 && count < bytes * 8 && no_high_byte_rm(g);
}

/// Only CF and OF change; RCL and RCR use CF.
template <Shift Op>
void rotate_by_constant(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    int count = static_cast<int>(count_of(g, bytes));
    bool reads = Op == Shift::rcl || Op == Shift::rcr, dead = e.flags_dead() && !reads;
    if (!dead) e.save_flags();
    auto rotate = [&](const Operand& value) {
        if (dead) return operate(e, Op, value, count);
        if (!reads && count > 1) operate(e, Op, value, count - 1);
        e.load_host_flags();
        if (reads && count > 1) operate(e, Op, value, count - 1);
        operate(e, Op, value, 1);
    };
    if (g.d.memory) {
        HostAddress address = e.memory(Emitter::Access::write, bytes);
        rotate(e.at(bytes, address));
    } else {
        e.lose_host_flags();
        HostReg value = e.target(g.rm(), bytes, address_temp);
        rotate(value);
        e.assigned(g.rm(), value);
    }
    e.host_flags_set();
}
bool rotates(const GuestInsn& g) { return count_of(g, g.width()) != 0 && no_high_byte_rm(g); }
/// RCL and RCR of 9 and 17 bits.
bool rotates_through(const GuestInsn& g) {
    return rotates(g) && count_of(g, g.width()) < g.width() * 8;
}

// By CL ------------------------------------------------------------------------------------

/// Emits `change`, which does the operation on a count that is not 0 and puts the flags into
/// memory, to be jumped over when it is.
template <typename Operation, typename Change>
void by_cl(Emitter& e, const GuestInsn& g, unsigned bytes, Operation operation, Change change) {
    bool dead = e.flags_dead();
    if (!dead) e.save_flags();
    HostReg value = rm_in_register(e, g, bytes);
    if (dead) {
        operation(value);
        put_back(e, g, value);
        e.host_flags_set();
        return;
    }
    Xbyak::Label unchanged;
    // The upper half is cleared whatever the count is.
    if (bytes == 4 && !g.d.memory) e.mov(value, value);
    e.test(e.cl, count_mask(bytes));
    e.jz(unchanged, Emitter::T_NEAR);
    operation(value);
    if (g.d.memory) put_back(e, g, value);
    change(value);
    e.L(unchanged);
    if (!g.d.memory) put_back(e, g, value);
    e.memory_flags_set();
}

template <Shift Op>
void shift_by_cl(Emitter& e, const GuestInsn& g) {
    constexpr auto overflow = Op == Shift::shr   ? Overflow::top_bits_differ
                              : Op == Shift::sar ? Overflow::clear
                                                 : Overflow::carry_or_sign_changes;
    by_cl(
        e, g, g.d.operand_bytes, [&](const HostReg& value) { operate(e, Op, value, e.cl); },
        [&](const HostReg& value) { store_shift_flags(e, overflow, value); });
}

/// The flags are those of the last of the rotations by 1, which is done again: one back, one forth.
template <Shift Op>
void rotate_by_cl(Emitter& e, const GuestInsn& g) {
    constexpr auto back = Op == Shift::rol ? Shift::ror : Shift::rol;
    by_cl(
        e, g, g.d.operand_bytes, [&](const HostReg& value) { operate(e, Op, value, e.cl); },
        [&](const HostReg& value) {
            operate(e, back, value, 1);
            e.movzx(e.eax, e.flags_word());
            e.sahf();
            operate(e, Op, value, 1);
            e.store_host_flags(FlagRepair::none);
        });
}
/// Narrow ones may shift by more than their width.
bool wide(const GuestInsn& g) { return g.width() >= 4; }

// SHLD, SHRD ---------------------------------------------------------------------------------

template <bool Left, typename Count>
void operate_double(Emitter& e, const GuestInsn& g, const HostReg& value, const Count& count) {
    HostReg filler = e.source(g.reg(), g.d.operand_bytes, flags_temp);
    if constexpr (Left)
        e.shld(value, filler, count);
    else
        e.shrd(value, filler, count);
}

template <bool Left>
constexpr Overflow double_overflow =
    Left ? Overflow::carry_or_sign_changes : Overflow::top_bits_differ;

template <bool Left>
void shift_double_by_constant(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.d.operand_bytes;
    HostReg value = rm_in_register(e, g, bytes);
    operate_double<Left>(e, g, value, static_cast<u8>(count_of(g, bytes)));
    put_back(e, g, value);
    if (e.flags_dead()) return e.host_flags_set();
    store_shift_flags(e, double_overflow<Left>, value);
    e.memory_flags_set();
}
bool shifts_wide(const GuestInsn& g) {
    return g.d.operand_bytes >= 4 && count_of(g, g.d.operand_bytes) != 0;
}

template <bool Left>
void shift_double_by_cl(Emitter& e, const GuestInsn& g) {
    by_cl(
        e, g, g.d.operand_bytes,
        [&](const HostReg& value) { operate_double<Left>(e, g, value, e.cl); },
        [&](const HostReg& value) { store_shift_flags(e, double_overflow<Left>, value); });
}
bool double_wide(const GuestInsn& g) { return g.d.operand_bytes >= 4; }

}  // namespace

void add_shifts(EmitTable& table) {
    auto one = OpcodeMap::one_byte, two = OpcodeMap::two_byte;
    constexpr u32 some = sets_flags | keeps_flags | writes_rm;
    for (u8 opcode : {0xc0, 0xc1, 0xd0, 0xd1}) {
        const EmitEntry left{shift_by_constant<Shift::shl>, sets_flags | writes_rm, shifts_within};
        table.set_group(
            one, opcode,
            {EmitEntry{rotate_by_constant<Shift::rol>, some, rotates},
             EmitEntry{rotate_by_constant<Shift::ror>, some, rotates},
             EmitEntry{rotate_by_constant<Shift::rcl>, some | reads_flags, rotates_through},
             EmitEntry{rotate_by_constant<Shift::rcr>, some | reads_flags, rotates_through}, left,
             EmitEntry{shift_by_constant<Shift::shr>, sets_flags | writes_rm, shifts_within}, left,
             EmitEntry{shift_by_constant<Shift::sar>, sets_flags | writes_rm, shifts_within}});
    }
    const EmitEntry left{shift_by_cl<Shift::shl>, some, wide};
    table.set_in_group(one, 0xd3, 0, {rotate_by_cl<Shift::rol>, some, wide});
    table.set_in_group(one, 0xd3, 1, {rotate_by_cl<Shift::ror>, some, wide});
    table.set_in_group(one, 0xd3, 4, left);
    table.set_in_group(one, 0xd3, 5, {shift_by_cl<Shift::shr>, some, wide});
    table.set_in_group(one, 0xd3, 6, left);
    table.set_in_group(one, 0xd3, 7, {shift_by_cl<Shift::sar>, some, wide});
    table.set(two, 0xa4, shift_double_by_constant<true>, sets_flags | writes_rm, shifts_wide);
    table.set(two, 0xac, shift_double_by_constant<false>, sets_flags | writes_rm, shifts_wide);
    table.set(two, 0xa5, shift_double_by_cl<true>, some, double_wide);
    table.set(two, 0xad, shift_double_by_cl<false>, some, double_wide);
}

}  // namespace vmft::soft
