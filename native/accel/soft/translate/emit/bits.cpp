#include "accel/soft/translate/emit/operands.h"

#include <xbyak/xbyak_util.h>

/// BT, BTS, BTR, BTC, BSF, BSR, POPCNT, BSWAP, CRC32.
namespace vmft::soft {

using namespace host;

namespace {

// BT and its kind: CF is the bit, the other flags stay -------------------------------------------

/// In the order of the immediate group's /4 … /7.
enum class BitOp : u8 { test, set, reset, complement };

template <BitOp Op, typename Number>
void operate(Emitter& e, const HostReg& value, const Number& number) {
    if constexpr (Op == BitOp::test)
        e.bt(value, number);
    else if constexpr (Op == BitOp::set)
        e.bts(value, number);
    else if constexpr (Op == BitOp::reset)
        e.btr(value, number);
    else
        e.btc(value, number);
}

constexpr auto access_of(BitOp op) {
    return op == BitOp::test ? Emitter::Access::read : Emitter::Access::write;
}

void keep_flags(Emitter& e) {
    if (!e.flags_dead()) e.save_flags();
}

/// With the address of the word in `address`, which is no part of rax.
template <BitOp Op, typename Number>
void operate_memory(Emitter& e, const HostAddress& address, unsigned bytes, const Number& number) {
    HostReg value = Emitter::sized(flags_temp, bytes);
    e.mov(value, e.at(bytes, address));
    operate<Op>(e, value, number);
    if (Op != BitOp::test) e.mov(e.at(bytes, address), value);
    e.carry_set();
}

template <BitOp Op>
void by_immediate(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.d.operand_bytes;
    u8 number = static_cast<u8>(g.insn.imm & (bytes * 8 - 1));
    keep_flags(e);
    if (g.d.memory) {
        HostAddress address = e.memory(access_of(Op), bytes);
        return operate_memory<Op>(e, address, bytes, number);
    }
    e.lose_host_flags();
    HostReg value = e.target(g.rm(), bytes, address_temp);
    operate<Op>(e, value, number);
    if (Op != BitOp::test) e.assigned(g.rm(), value);
    e.carry_set();
}

/// A memory operand is a string of bits: the signed number chooses the word.
template <BitOp Op>
void in_string(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.d.operand_bytes;
    e.lose_host_flags();
    e.effective_address(address_temp);
    e.with_operand(g.reg(), bytes, [&](const Xbyak::Operand& number) {
        if (bytes == 8)
            e.mov(flags_temp, number);
        else
            e.movsxd(flags_temp, number);
    });
    e.sar(flags_temp, bytes == 8 ? 6 : 5);
    e.lea(address_temp, e.ptr[address_temp + flags_temp * static_cast<int>(bytes)]);
    HostAddress address = e.memory_computed(access_of(Op), bytes);
    operate_memory<Op>(e, address, bytes, e.source(g.reg(), bytes, temp));
}

template <BitOp Op>
void by_register(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.d.operand_bytes;
    keep_flags(e);
    if (g.d.memory) return in_string<Op>(e, g);
    e.lose_host_flags();
    HostReg number = e.source(g.reg(), bytes, temp), value = e.target(g.rm(), bytes, address_temp);
    operate<Op>(e, value, number);
    if (Op != BitOp::test) e.assigned(g.rm(), value);
    e.carry_set();
}

bool wide(const GuestInsn& g) { return g.d.operand_bytes >= 4; }

// Scans and counts ----------------------------------------------------------------------------

/// The destination stays, with its upper half, when the source is 0; flags follow the source.
template <bool Reverse>
void scan(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.d.operand_bytes;
    HostReg found = Emitter::sized(temp, bytes), source;
    FlagRecipe recipe;
    if (g.d.memory) {
        HostAddress address = e.memory(Emitter::Access::read, bytes);
        source = Emitter::sized(flags_temp, bytes);
        e.mov(source, e.at(bytes, address));
    } else {
        e.lose_host_flags();
        source = e.source(g.rm(), bytes, flags_temp);
        if (g.rm() == g.reg()) {
            e.mov(Emitter::sized(flags_temp, bytes), source);
            source = Emitter::sized(flags_temp, bytes);
        } else {
            recipe = {FlagRecipe::Kind::test, static_cast<u8>(bytes), static_cast<u8>(g.rm()),
                      static_cast<u8>(g.rm())};
        }
    }
    if constexpr (Reverse)
        e.bsr(found, source);
    else
        e.bsf(found, source);
    e.test(source, source);
    HostReg to = e.target(g.reg(), 8, address_temp);
    e.cmovnz(to, temp);
    e.assigned(g.reg(), to);
    e.host_flags_set(FlagRepair::none, recipe);
}

bool host_has(Xbyak::util::Cpu::Type feature) {
    static const Xbyak::util::Cpu cpu;
    return cpu.has(feature);
}

/// All flags are defined, and the same.
void count_bits(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.d.operand_bytes;
    auto count = [&](const Xbyak::Operand& source) {
        HostReg to =
            bytes < 4 ? e.target(g.reg(), bytes, flags_temp) : e.fresh(g.reg(), bytes, flags_temp);
        e.popcnt(to, source);
        e.assigned(g.reg(), to);
    };
    if (g.d.memory) {
        count(e.at(bytes, e.memory(Emitter::Access::read, bytes)));
    } else {
        e.lose_host_flags();
        e.with_operand(g.rm(), bytes, count);
    }
    e.host_flags_set();
}

// Without flags -------------------------------------------------------------------------------

void swap_bytes(Emitter& e, const GuestInsn& g) {
    unsigned reg = g.opcode_register();
    HostReg value = e.target(reg, g.d.operand_bytes, temp);
    if (g.d.operand_bytes == 8)
        e.bswap(value.cvt64());
    else
        e.bswap(value.cvt32());
    e.assigned(reg, value);
}

void crc32(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    auto accumulate = [&](const Xbyak::Operand& source) {
        HostReg crc = e.target(g.reg(), 8, flags_temp);
        if (bytes == 8)
            e.crc32(crc.cvt64(), source);
        else
            e.crc32(crc.cvt32(), source);
        e.assigned(g.reg(), crc);
    };
    if (g.d.memory)
        accumulate(e.at(bytes, e.memory(Emitter::Access::read, bytes)));
    else
        accumulate(e.source(g.rm(), bytes, temp));
}
bool crc32_on_host(const GuestInsn& g) {
    return no_high_byte_rm(g) && host_has(Xbyak::util::Cpu::tSSE42);
}

template <BitOp Op>
void add_operation(EmitTable& table) {
    constexpr u32 traits =
        sets_flags | keeps_flags | (Op == BitOp::test ? 0u : static_cast<u32>(writes_rm));
    constexpr auto number = static_cast<u8>(Op);
    table.set(OpcodeMap::two_byte, static_cast<u8>(0xa3 + 8 * number), by_register<Op>, traits,
              wide);
    table.set_in_group(OpcodeMap::two_byte, 0xba, 4u + number, {by_immediate<Op>, traits, wide});
}

}  // namespace

void add_bits(EmitTable& table) {
    auto two = OpcodeMap::two_byte;
    add_operation<BitOp::test>(table);
    add_operation<BitOp::set>(table);
    add_operation<BitOp::reset>(table);
    add_operation<BitOp::complement>(table);
    table.set(two, 0xbc, scan<false>, sets_flags | writes_reg, wide);
    table.set(two, 0xbd, scan<true>, sets_flags | writes_reg, wide);
    table.set(two, 0xb8, Mandatory::pf3, count_bits, sets_flags | writes_reg,
              [](const GuestInsn&) { return host_has(Xbyak::util::Cpu::tPOPCNT); });
    for (unsigned opcode = 0xc8; opcode < 0xd0; opcode++)
        table.set(two, static_cast<u8>(opcode), swap_bytes, writes_opcode, wide);
    table.set(OpcodeMap::three_byte_38, 0xf0, Mandatory::pf2, crc32, writes_reg, crc32_on_host);
    table.set(OpcodeMap::three_byte_38, 0xf1, Mandatory::pf2, crc32, writes_reg, crc32_on_host);
}

}  // namespace vmft::soft
