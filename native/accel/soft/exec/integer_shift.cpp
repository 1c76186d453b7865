#include "accel/soft/exec/integer_shift.h"

#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/operand_steps.h"
#include "accel/soft/exec/operand_width.h"

namespace vmft::soft {
namespace {

enum class CountFrom : u8 { one, cl, immediate };

template <typename T, CountFrom Source>
inline unsigned shift_count(const Cpu& cpu, const Insn* insn) {
    constexpr unsigned mask = sizeof(T) == 8 ? 63 : 31;
    if constexpr (Source == CountFrom::one)
        return 1;
    else if constexpr (Source == CountFrom::cl)
        return static_cast<unsigned>(cpu.gpr[rcx]) & mask;
    else
        return static_cast<unsigned>(insn->imm) & mask;
}

template <Shift Op, typename T, CountFrom Source>
inline T shift_operand(Cpu& cpu, const Insn* insn, T old) {
    unsigned count = shift_count<T, Source>(cpu, insn);
    if (count == 0) return old;
    return shift<Op, T>(cpu, old, count);
}

template <CountFrom Source>
Handler select_shift(Decoding& d) {
    return by_width(width_by_opcode(d), [&d]<typename T>() -> Handler {
        switch (static_cast<Shift>(d.reg)) {
        case Shift::rol: return rm_change<T, shift_operand<Shift::rol, T, Source>>(d);
        case Shift::ror: return rm_change<T, shift_operand<Shift::ror, T, Source>>(d);
        case Shift::rcl: return rm_change<T, shift_operand<Shift::rcl, T, Source>>(d);
        case Shift::rcr: return rm_change<T, shift_operand<Shift::rcr, T, Source>>(d);
        case Shift::shr: return rm_change<T, shift_operand<Shift::shr, T, Source>>(d);
        case Shift::sar: return rm_change<T, shift_operand<Shift::sar, T, Source>>(d);
        default: return rm_change<T, shift_operand<Shift::shl, T, Source>>(d);
        }
    });
}

template <typename T, CountFrom Source, bool Left>
inline T shift_double_operand(Cpu& cpu, const Insn* insn, T old) {
    unsigned count = shift_count<T, Source>(cpu, insn);
    if (count == 0) return old;
    if constexpr (Left)
        return shift_left_double<T>(cpu, old, get_reg<T>(cpu, insn), count);
    else
        return shift_right_double<T>(cpu, old, get_reg<T>(cpu, insn), count);
}

template <CountFrom Source, bool Left>
Handler select_shift_double(Decoding& d) {
    return by_operand_width(d.operand_bytes, [&d]<typename T>() -> Handler {
        return rm_change<T, shift_double_operand<T, Source, Left>>(d);
    });
}

}  // namespace

void register_shift(OpcodeTable& table) {
    auto one = OpcodeMap::one_byte, two = OpcodeMap::two_byte;
    table.set(one, 0xc0, true, Immediate::byte_unsigned, select_shift<CountFrom::immediate>);
    table.set(one, 0xc1, true, Immediate::byte_unsigned, select_shift<CountFrom::immediate>);
    table.set(one, 0xd0, true, Immediate::none, select_shift<CountFrom::one>);
    table.set(one, 0xd1, true, Immediate::none, select_shift<CountFrom::one>);
    table.set(one, 0xd2, true, Immediate::none, select_shift<CountFrom::cl>);
    table.set(one, 0xd3, true, Immediate::none, select_shift<CountFrom::cl>);
    table.set(two, 0xa4, true, Immediate::byte_unsigned,
              select_shift_double<CountFrom::immediate, true>);
    table.set(two, 0xa5, true, Immediate::none, select_shift_double<CountFrom::cl, true>);
    table.set(two, 0xac, true, Immediate::byte_unsigned,
              select_shift_double<CountFrom::immediate, false>);
    table.set(two, 0xad, true, Immediate::none, select_shift_double<CountFrom::cl, false>);
}

}  // namespace vmft::soft
