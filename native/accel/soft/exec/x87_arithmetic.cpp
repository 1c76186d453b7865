#include <bit>

#include "accel/soft/exec/x87_host.h"
#include "accel/soft/exec/x87_memory_bits.h"
#include "accel/soft/exec/x87_select.h"
#include "accel/soft/flags.h"

namespace vmft::soft::x87 {
namespace {

/// Sets C0, C2, C3 as a comparison on the host found them; whether the comparison took place.
bool accept_comparison(X87& x, u16 host_status) {
    clear_c1(x);
    if (!signal(x, host_status & exceptions)) return false;
    set_conditions(x, host_status & (c0 | c2 | c3));
    return true;
}
/// "Unordered" is set even when the exception is unmasked, as processors do; only the pops wait.
bool compare_with_empty(X87& x) {
    bool masked = stack_underflow(x);
    set_conditions(x, c0 | c2 | c3);
    return masked;
}

/// D8, DC, DA and DE with a memory operand: ST0 Op m.
template <u8 Op, typename T>
[[gnu::noinline]] void memory_form(Cpu& cpu, const Insn* insn) {
    using Bits = typename MemoryBits<T>::Type;
    require_ready(cpu, insn);
    T source =
        std::bit_cast<T>(load<Bits>(cpu, insn, linear_address(cpu, insn, sizeof(T), Access::read)));
    note_memory_instruction(cpu, insn);
    X87& x = cpu.x87;
    if constexpr (Op == op_compare || Op == op_compare_pop) {
        Float80 unused;
        bool done = empty(x, 0) ? compare_with_empty(x)
                                : accept_comparison(x, host_arithmetic<op_compare>(
                                                           x.control, st(x, 0), source, unused));
        if (done && Op == op_compare_pop) pop(x);
    } else {
        if (empty(x, 0)) {
            if (stack_underflow(x)) put(x, 0, indefinite);
            return;
        }
        Float80 result;
        if (accept(x, host_arithmetic<Op>(x.control, st(x, 0), source, result))) st(x, 0) = result;
    }
}

/// ST0 Op ST(i), into ST0 or ST(i).
template <u8 Op, bool ToOther, bool Pop>
[[gnu::noinline]] void register_form(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    note_instruction(cpu, insn);
    X87& x = cpu.x87;
    unsigned other = insn->rm & 7;
    unsigned destination = ToOther ? other : 0;
    Float80 result = indefinite;
    bool done = empty(x, 0) || empty(x, other)
                    ? stack_underflow(x)
                    : accept(x, host_arithmetic<Op>(x.control, st(x, 0), st(x, other), result));
    if (!done) return;
    put(x, destination, result);
    if constexpr (Pop) pop(x);
}

/// FCOM and FUCOM families on registers.
template <bool Quiet, unsigned Pops>
[[gnu::noinline]] void compare_registers(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    note_instruction(cpu, insn);
    X87& x = cpu.x87;
    unsigned other = Pops == 2 ? 1 : insn->rm & 7;
    bool done;
    if (empty(x, 0) || empty(x, other)) {
        done = compare_with_empty(x);
    } else {
        Float80 unused;
        done = accept_comparison(
            x, Quiet ? host_compare_quietly(x.control, st(x, 0), st(x, other))
                     : host_arithmetic<op_compare>(x.control, st(x, 0), st(x, other), unused));
    }
    if (!done) return;
    for (unsigned i = 0; i < Pops; ++i) pop(x);
}

/// FCOMI and FUCOMI families: ZF, PF and CF; OF, SF and AF are cleared.
template <bool Quiet, bool Pop>
[[gnu::noinline]] void compare_to_flags(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    note_instruction(cpu, insn);
    X87& x = cpu.x87;
    unsigned other = insn->rm & 7;
    u16 order = c0 | c2 | c3;
    bool done = true;
    if (empty(x, 0) || empty(x, other)) {
        done = stack_underflow(x);
    } else {
        Float80 unused;
        order = Quiet ? host_compare_quietly(x.control, st(x, 0), st(x, other))
                      : host_arithmetic<op_compare>(x.control, st(x, 0), st(x, other), unused);
        clear_c1(x);
        if (!signal(x, order & exceptions)) return;
    }
    set_arithmetic_flags(cpu, (order & c0 ? flag_cf : 0) | (order & c2 ? flag_pf : 0) |
                                  (order & c3 ? flag_zf : 0));
    if (Pop && done) pop(x);
}

template <typename T>
Handler select_memory(unsigned reg) {
    static constexpr Handler handlers[8] = {step<memory_form<0, T>>, step<memory_form<1, T>>,
                                            step<memory_form<2, T>>, step<memory_form<3, T>>,
                                            step<memory_form<4, T>>, step<memory_form<5, T>>,
                                            step<memory_form<6, T>>, step<memory_form<7, T>>};
    return handlers[reg];
}

template <bool ToOther, bool Pop>
Handler select_registers(unsigned reg) {
    static constexpr Handler handlers[8] = {step<register_form<op_add, ToOther, Pop>>,
                                            step<register_form<op_mul, ToOther, Pop>>,
                                            nullptr,
                                            nullptr,
                                            step<register_form<op_subtract, ToOther, Pop>>,
                                            step<register_form<op_subtract_reversed, ToOther, Pop>>,
                                            step<register_form<op_divide, ToOther, Pop>>,
                                            step<register_form<op_divide_reversed, ToOther, Pop>>};
    return handlers[reg];
}

}  // namespace

Handler select_arithmetic(const Decoding& d) {
    unsigned reg = d.reg;
    if (d.memory) {
        if (d.opcode == 0xd8) return select_memory<float>(reg);
        if (d.opcode == 0xdc) return select_memory<double>(reg);
        if (d.opcode == 0xda) return select_memory<i32>(reg);
        if (d.opcode == 0xde) return select_memory<i16>(reg);
        return nullptr;
    }
    switch (d.opcode) {
    case 0xd8:
    case 0xdc:  // DC D0 and DC D8: undocumented aliases of D8's
        if (reg == 2) return step<compare_registers<false, 0>>;
        if (reg == 3) return step<compare_registers<false, 1>>;
        return d.opcode == 0xd8 ? select_registers<false, false>(reg)
                                : select_registers<true, false>(reg);
    case 0xde:
        if (reg == 2) return step<compare_registers<false, 1>>;  // alias of FCOMP
        if (reg == 3) return d.rm == 1 ? step<compare_registers<false, 2>> : nullptr;
        return select_registers<true, true>(reg);
    case 0xda: return reg == 5 && d.rm == 1 ? step<compare_registers<true, 2>> : nullptr;
    case 0xdb:
        if (reg == 5) return step<compare_to_flags<true, false>>;
        if (reg == 6) return step<compare_to_flags<false, false>>;
        return nullptr;
    case 0xdd:
        if (reg == 4) return step<compare_registers<true, 0>>;
        if (reg == 5) return step<compare_registers<true, 1>>;
        return nullptr;
    case 0xdf:
        if (reg == 5) return step<compare_to_flags<true, true>>;
        if (reg == 6) return step<compare_to_flags<false, true>>;
        return nullptr;
    default: return nullptr;
    }
}

}  // namespace vmft::soft::x87
