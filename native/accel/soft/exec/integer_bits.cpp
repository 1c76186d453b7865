#include <bit>

#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/integer_shift.h"
#include "accel/soft/exec/operand_steps.h"
#include "accel/soft/exec/operand_width.h"

/// BT, BTS, BTR, BTC, BSF, BSR, POPCNT, BSWAP.
namespace vmft::soft {
namespace {

/// In the order of the immediate group's /4 … /7.
enum class BitOp : u8 { test, set, reset, complement };

/// CF is the bit; the other flags (undefined, but for ZF) stay.
template <BitOp Op, typename T>
inline T bit_operation(Cpu& cpu, T old, unsigned number) {
    T bit = static_cast<T>(T{1} << number);
    set_cf(cpu, old & bit);
    if constexpr (Op == BitOp::set)
        return old | bit;
    else if constexpr (Op == BitOp::reset)
        return static_cast<T>(old & ~bit);
    else if constexpr (Op == BitOp::complement)
        return old ^ bit;
    else
        return old;
}

template <typename T, bool FromImmediate>
inline unsigned bit_number(const Cpu& cpu, const Insn* insn) {
    u64 number = FromImmediate ? insn->imm : u64{get_reg<T>(cpu, insn)};
    return static_cast<unsigned>(number) & (bits_of<T> - 1);
}
template <BitOp Op, typename T, bool FromImmediate>
inline T bit_change(Cpu& cpu, const Insn* insn, T old) {
    return bit_operation<Op, T>(cpu, old, bit_number<T, FromImmediate>(cpu, insn));
}
template <typename T, bool FromImmediate>
inline void bit_test(Cpu& cpu, const Insn* insn, T value) {
    bit_operation<BitOp::test, T>(cpu, value, bit_number<T, FromImmediate>(cpu, insn));
}

/// A memory operand with the number in a register is a bit string: the signed number chooses the
/// word.
template <BitOp Op, typename T>
void bit_string(Cpu& cpu, const Insn* insn) {
    i64 number = static_cast<i64>(sign_extend(get_reg<T>(cpu, insn)));
    constexpr unsigned word_shift = std::countr_zero(bits_of<T>);
    u64 address = effective_address(cpu, insn) + static_cast<u64>(number >> word_shift) * sizeof(T);
    constexpr auto access = Op == BitOp::test ? Access::read : Access::write;
    if (insn->flags & insn_address_checked)
        address = checked_address(cpu, insn, address, sizeof(T), access);
    else
        address += cpu.segment_base[insn->segment];
    if constexpr (Op == BitOp::test)
        bit_test<T, false>(cpu, insn, load<T>(cpu, insn, address));
    else
        modify<T>(cpu, insn, address,
                  [&cpu, insn](T old) { return bit_change<Op, T, false>(cpu, insn, old); });
}

template <BitOp Op>
Handler select_bit_by_register(Decoding& d) {
    d.lock_allowed = d.memory && Op != BitOp::test;
    return by_operand_width(d.operand_bytes, [&d]<typename T>() -> Handler {
        if (d.memory) return step<bit_string<Op, T>>;
        if constexpr (Op == BitOp::test)
            return rm_source<T, bit_test<T, false>>(d);
        else
            return rm_change<T, bit_change<Op, T, false>>(d);
    });
}

Handler select_bit_by_immediate(Decoding& d) {
    if (d.reg < 4) return nullptr;
    d.lock_allowed = d.memory && d.reg != 4;
    return by_operand_width(d.operand_bytes, [&d]<typename T>() -> Handler {
        switch (d.reg) {
        case 4: return rm_source<T, bit_test<T, true>>(d);
        case 5: return rm_change<T, bit_change<BitOp::set, T, true>>(d);
        case 6: return rm_change<T, bit_change<BitOp::reset, T, true>>(d);
        default: return rm_change<T, bit_change<BitOp::complement, T, true>>(d);
        }
    });
}

/// BSF, BSR: the destination stays (its upper half too) when the source is zero, as Intel's and
/// AMD's CPUs do. The flags besides ZF (undefined) follow the source.
template <typename T, bool Reverse>
inline void bit_scan(Cpu& cpu, const Insn* insn, T value) {
    set_flags_logic<T>(cpu, value);
    if (value == 0) return;
    unsigned found = Reverse ? bits_of<T> - 1 - static_cast<unsigned>(std::countl_zero(value))
                             : static_cast<unsigned>(std::countr_zero(value));
    put_reg<T>(cpu, insn, static_cast<T>(found));
}

/// F3 before them would be TZCNT and LZCNT, which this CPU does not have: it is ignored.
template <bool Reverse>
Handler select_bit_scan(Decoding& d) {
    return by_operand_width(d.operand_bytes, [&d]<typename T>() -> Handler {
        return rm_source<T, bit_scan<T, Reverse>>(d);
    });
}

template <typename T>
inline void population_count(Cpu& cpu, const Insn* insn, T value) {
    put_reg<T>(cpu, insn, static_cast<T>(std::popcount(value)));
    // ZF tells zero; the others are clear, PF too.
    cpu.lazy_result = value != 0;  // odd parity
    cpu.lazy_aux = value != 0 ? 0 : 0x100;
}

Handler select_population_count(Decoding& d) {
    if (d.mandatory != Mandatory::pf3) return nullptr;
    return by_operand_width(d.operand_bytes, [&d]<typename T>() -> Handler {
        return rm_source<T, population_count<T>>(d);
    });
}

/// BSWAP of a 16-bit register is undefined: zero, as Intel's CPUs do.
template <typename T>
inline void byte_swap(Cpu& cpu, const Insn* insn) {
    T value = read_reg<T>(cpu, insn->rm);
    if constexpr (sizeof(T) == 2)
        value = 0;
    else if constexpr (sizeof(T) == 4)
        value = __builtin_bswap32(value);
    else
        value = __builtin_bswap64(value);
    write_reg<T>(cpu, insn->rm, value);
}

Handler select_byte_swap(Decoding& d) {
    use_opcode_register(d);
    return by_operand_width(d.operand_bytes,
                            []<typename T>() -> Handler { return step<byte_swap<T>>; });
}

}  // namespace

void register_bits(OpcodeTable& table) {
    auto map = OpcodeMap::two_byte;
    table.set(map, 0xa3, true, Immediate::none, select_bit_by_register<BitOp::test>);
    table.set(map, 0xab, true, Immediate::none, select_bit_by_register<BitOp::set>);
    table.set(map, 0xb3, true, Immediate::none, select_bit_by_register<BitOp::reset>);
    table.set(map, 0xbb, true, Immediate::none, select_bit_by_register<BitOp::complement>);
    table.set(map, 0xba, true, Immediate::byte_unsigned, select_bit_by_immediate);
    table.set(map, 0xbc, true, Immediate::none, select_bit_scan<false>);
    table.set(map, 0xbd, true, Immediate::none, select_bit_scan<true>);
    table.set(map, 0xb8, true, Immediate::none, select_population_count);
    for (unsigned opcode = 0xc8; opcode <= 0xcf; opcode++)
        table.set(map, static_cast<u8>(opcode), false, Immediate::none, select_byte_swap);
}

}  // namespace vmft::soft
