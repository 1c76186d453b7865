#include "accel/soft/exec/x87_functions.h"
#include "accel/soft/exec/x87_host.h"
#include "accel/soft/exec/x87_select.h"

namespace vmft::soft::x87 {
namespace {

/// Exceptions and C1 of an outcome; whether values are to be stored.
bool accept_outcome(X87& x, const Outcome& outcome) {
    x.status = static_cast<u16>((x.status & ~c1) | (outcome.status & c1));
    return signal(x, outcome.status & exceptions) && outcome.done;
}

template <bool Absolute>
[[gnu::noinline]] void change_sign(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    note_instruction(cpu, insn);
    X87& x = cpu.x87;
    if (empty(x, 0)) {
        if (stack_underflow(x)) put(x, 0, indefinite);
        return;
    }
    clear_c1(x);
    u16& word = st(x, 0).sign_exponent;
    word = static_cast<u16>(Absolute ? word & 0x7fff : word ^ 0x8000);
}

[[gnu::noinline]] void test(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    note_instruction(cpu, insn);
    X87& x = cpu.x87;
    u16 order = c0 | c2 | c3;
    if (empty(x, 0)) {
        stack_underflow(x);
    } else {
        Float80 unused;
        order = host_arithmetic<op_compare>(x.control, st(x, 0), zero, unused);
        clear_c1(x);
        if (!signal(x, order & exceptions)) return;
    }
    set_conditions(x, order & (c0 | c2 | c3));
}

[[gnu::noinline]] void examine(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    note_instruction(cpu, insn);
    X87& x = cpu.x87;
    const Float80& value = st(x, 0);
    unsigned codes = sign_of(value) ? c1 : 0;
    if (empty(x, 0))
        codes |= c3 | c0;
    else if (is_zero(value))
        codes |= c3;
    else if (is_denormal(value))
        codes |= c3 | c2;
    else if (is_unsupported(value))
        codes |= 0;
    else if (is_nan(value))
        codes |= c0;
    else if (is_infinity(value))
        codes |= c2 | c0;
    else
        codes |= c2;
    set_conditions(x, codes);
}

using HostUnary = u16 (*)(u16 control, const Float80& value, Float80& result);
template <HostUnary Function>
[[gnu::noinline]] void unary_on_host(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    note_instruction(cpu, insn);
    X87& x = cpu.x87;
    Float80 result = indefinite;
    bool done = empty(x, 0) ? stack_underflow(x) : accept(x, Function(x.control, st(x, 0), result));
    if (done) put(x, 0, result);
}

[[gnu::noinline]] void scale(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    note_instruction(cpu, insn);
    X87& x = cpu.x87;
    Float80 result = indefinite;
    bool done = empty(x, 0) || empty(x, 1)
                    ? stack_underflow(x)
                    : accept(x, host_scale(x.control, st(x, 0), st(x, 1), result));
    if (done) put(x, 0, result);
}

template <bool ToNearest>
[[gnu::noinline]] void partial_remainder(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    note_instruction(cpu, insn);
    X87& x = cpu.x87;
    if (empty(x, 0) || empty(x, 1)) {
        if (stack_underflow(x)) put(x, 0, indefinite);
        x.status = static_cast<u16>(x.status & ~c2);
        return;
    }
    Outcome outcome = remainder(x.control, st(x, 0), st(x, 1), ToNearest);
    bool stopped = outcome.status & ~x.control & before_result;
    bool has_quotient = !stopped && !(outcome.status & invalid) && !is_nan(outcome.value);
    u16 changed = has_quotient ? condition_codes : c1 | c2;
    x.status = static_cast<u16>((x.status & ~changed) | (outcome.status & condition_codes));
    if (signal(x, outcome.status & exceptions)) st(x, 0) = outcome.value;
}

/// One operand, one result in its place.
using Unary = Outcome (*)(u16 control, const Float80& value);
template <Unary Function, bool Trigonometric>
[[gnu::noinline]] void unary(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    note_instruction(cpu, insn);
    X87& x = cpu.x87;
    if (empty(x, 0)) {
        if (stack_underflow(x)) put(x, 0, indefinite);
        if (Trigonometric) x.status = static_cast<u16>(x.status & ~c2);
        return;
    }
    Outcome outcome = Function(x.control, st(x, 0));
    if (Trigonometric) x.status = static_cast<u16>((x.status & ~c2) | (outcome.status & c2));
    if (accept_outcome(x, outcome)) st(x, 0) = outcome.value;
}

/// One operand, two results: FSINCOS, FPTAN, FXTRACT.
template <Unary Function, bool Trigonometric>
[[gnu::noinline]] void unary_pushing(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    note_instruction(cpu, insn);
    X87& x = cpu.x87;
    if (Trigonometric) x.status = static_cast<u16>(x.status & ~c2);
    bool missing = empty(x, 0), full = !empty(x, 7);
    if (missing || full) {
        bool masked = stack_underflow(x);
        if (!missing) x.status |= c1;
        if (masked) {
            put(x, 0, indefinite);
            push(x, indefinite);
        }
        return;
    }
    Outcome outcome = Function(x.control, st(x, 0));
    if (Trigonometric) x.status = static_cast<u16>(x.status | (outcome.status & c2));
    if (!accept_outcome(x, outcome)) return;
    st(x, 0) = outcome.value;
    push(x, outcome.second);
}

/// ST0 and ST1, one result that replaces both: FYL2X, FYL2XP1, FPATAN.
using Binary = Outcome (*)(u16 control, const Float80& top, const Float80& below);
template <Binary Function>
[[gnu::noinline]] void binary_popping(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    note_instruction(cpu, insn);
    X87& x = cpu.x87;
    Outcome outcome;
    outcome.value = indefinite;
    bool done;
    if (empty(x, 0) || empty(x, 1)) {
        done = stack_underflow(x);
    } else {
        outcome = Function(x.control, st(x, 0), st(x, 1));
        done = accept_outcome(x, outcome);
    }
    if (!done) return;
    put(x, 1, outcome.value);
    pop(x);
}

}  // namespace

Handler select_unary(const Decoding& d) {
    if (d.memory || d.opcode != 0xd9) return nullptr;
    switch (d.modrm) {
    case 0xe0: return step<change_sign<false>>;
    case 0xe1: return step<change_sign<true>>;
    case 0xe4: return step<test>;
    case 0xe5: return step<examine>;
    case 0xf0: return step<unary<power_minus_one, false>>;
    case 0xf1: return step<binary_popping<logarithm>>;
    case 0xf2: return step<unary_pushing<tangent, true>>;
    case 0xf3: return step<binary_popping<arctangent>>;
    case 0xf4: return step<unary_pushing<extract, false>>;
    case 0xf5: return step<partial_remainder<true>>;
    case 0xf8: return step<partial_remainder<false>>;
    case 0xf9: return step<binary_popping<logarithm_plus_one>>;
    case 0xfa: return step<unary_on_host<host_square_root>>;
    case 0xfb: return step<unary_pushing<sine_and_cosine, true>>;
    case 0xfc: return step<unary_on_host<host_round_to_integer>>;
    case 0xfd: return step<scale>;
    case 0xfe: return step<unary<sine, true>>;
    case 0xff: return step<unary<cosine, true>>;
    default: return nullptr;
    }
}

}  // namespace vmft::soft::x87
