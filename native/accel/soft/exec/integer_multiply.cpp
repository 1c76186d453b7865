#include <limits>

#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/operand_steps.h"
#include "accel/soft/exec/operand_width.h"
#include "accel/soft/flags.h"

/// MUL, IMUL, DIV, IDIV. After a multiplication SF, ZF and PF (undefined) follow the low half and
/// AF is 0; a division leaves all flags (undefined) alone.
namespace vmft::soft {
namespace {

template <typename T>
struct Doubled;
template <>
struct Doubled<u8> {
    using Unsigned = u16;
    using Signed = i16;
};
template <>
struct Doubled<u16> {
    using Unsigned = u32;
    using Signed = i32;
};
template <>
struct Doubled<u32> {
    using Unsigned = u64;
    using Signed = i64;
};
template <>
struct Doubled<u64> {
    __extension__ typedef unsigned __int128 Unsigned;
    __extension__ typedef __int128 Signed;
};
template <typename T>
using Double = typename Doubled<T>::Unsigned;
template <typename T>
using SignedDouble = typename Doubled<T>::Signed;
template <typename T>
using Signed = std::make_signed_t<T>;

/// AX, DX:AX, EDX:EAX or RDX:RAX.
template <typename T>
inline Double<T> read_pair(const Cpu& cpu) {
    if constexpr (sizeof(T) == 1)
        return read_reg<u16>(cpu, rax);
    else
        return static_cast<Double<T>>(static_cast<Double<T>>(read_reg<T>(cpu, rdx))
                                          << (8 * sizeof(T)) |
                                      read_reg<T>(cpu, rax));
}
template <typename T>
inline void write_pair(Cpu& cpu, T low, T high) {
    if constexpr (sizeof(T) == 1) {
        write_reg<u16>(cpu, rax, static_cast<u16>(low | high << 8));
    } else {
        write_reg<T>(cpu, rax, low);
        write_reg<T>(cpu, rdx, high);
    }
}
template <typename T>
inline T read_accumulator(const Cpu& cpu) {
    if constexpr (sizeof(T) == 1)
        return read_reg8(cpu, rax * 8);
    else
        return read_reg<T>(cpu, rax);
}

template <typename T>
inline void set_flags_product(Cpu& cpu, T low, bool overflow) {
    set_flags_logic<T>(cpu, low);
    if (overflow) cpu.lazy_aux = aux_carry;  // CF, and OF as the difference of the two bits
}

template <typename T>
inline void multiply(Cpu& cpu, const Insn*, T value) {
    auto product = static_cast<Double<T>>(static_cast<Double<T>>(read_accumulator<T>(cpu)) * value);
    T low = static_cast<T>(product), high = static_cast<T>(product >> (8 * sizeof(T)));
    write_pair<T>(cpu, low, high);
    set_flags_product<T>(cpu, low, high != 0);
}

template <typename T>
inline SignedDouble<T> signed_product(T a, T b) {
    return static_cast<SignedDouble<T>>(static_cast<SignedDouble<T>>(static_cast<Signed<T>>(a)) *
                                        static_cast<Signed<T>>(b));
}

template <typename T>
inline void signed_multiply(Cpu& cpu, const Insn*, T value) {
    auto product = signed_product<T>(read_accumulator<T>(cpu), value);
    T low = static_cast<T>(product), high = static_cast<T>(product >> (8 * sizeof(T)));
    write_pair<T>(cpu, low, high);
    set_flags_product<T>(cpu, low, product != static_cast<Signed<T>>(low));
}

/// IMUL r, rm and IMUL r, rm, imm.
template <typename T>
inline void multiply_into(Cpu& cpu, const Insn* insn, T a, T b) {
    auto product = signed_product<T>(a, b);
    T low = static_cast<T>(product);
    put_reg<T>(cpu, insn, low);
    set_flags_product<T>(cpu, low, product != static_cast<Signed<T>>(low));
}
template <typename T>
inline void multiply_register(Cpu& cpu, const Insn* insn, T value) {
    multiply_into<T>(cpu, insn, value, get_reg<T>(cpu, insn));
}
template <typename T>
inline void multiply_immediate(Cpu& cpu, const Insn* insn, T value) {
    multiply_into<T>(cpu, insn, value, static_cast<T>(insn->imm));
}

template <typename T>
inline void divide(Cpu& cpu, const Insn* insn, T divisor) {
    Double<T> dividend = read_pair<T>(cpu);
    T high = static_cast<T>(dividend >> (8 * sizeof(T)));
    if (high >= divisor) [[unlikely]]  // quotient too large, or zero divisor
        raise(cpu, insn, vector_de);
    if constexpr (sizeof(T) == 8) {
        if (high == 0) [[likely]] {
            T low = static_cast<T>(dividend);
            write_pair<T>(cpu, low / divisor, low % divisor);
            return;
        }
    }
    write_pair<T>(cpu, static_cast<T>(dividend / divisor), static_cast<T>(dividend % divisor));
}

template <typename T>
inline void signed_divide(Cpu& cpu, const Insn* insn, T operand) {
    auto dividend = static_cast<SignedDouble<T>>(read_pair<T>(cpu));
    auto divisor = static_cast<Signed<T>>(operand);
    if (divisor == 0) [[unlikely]]
        raise(cpu, insn, vector_de);
    // The one quotient that the wider type cannot hold would trap on the host.
    constexpr auto lowest =
        static_cast<SignedDouble<T>>(static_cast<Double<T>>(1) << (16 * sizeof(T) - 1));
    if (divisor == -1 && dividend == lowest) [[unlikely]]
        raise(cpu, insn, vector_de);
    if constexpr (sizeof(T) == 8) {
        i64 low = static_cast<i64>(dividend);
        if (dividend == low && !(divisor == -1 && low == std::numeric_limits<i64>::min()))
            [[likely]] {
            write_pair<T>(cpu, static_cast<T>(low / divisor), static_cast<T>(low % divisor));
            return;
        }
    }
    auto quotient = static_cast<SignedDouble<T>>(dividend / divisor);
    auto remainder = static_cast<SignedDouble<T>>(dividend % divisor);
    if (quotient != static_cast<Signed<T>>(quotient)) [[unlikely]]
        raise(cpu, insn, vector_de);
    write_pair<T>(cpu, static_cast<T>(quotient), static_cast<T>(remainder));
}

Handler select_multiply_register(Decoding& d) {
    return by_operand_width(d.operand_bytes, [&d]<typename T>() -> Handler {
        return rm_source<T, multiply_register<T>>(d);
    });
}

Handler select_multiply_immediate(Decoding& d) {
    return by_operand_width(d.operand_bytes, [&d]<typename T>() -> Handler {
        return rm_source<T, multiply_immediate<T>>(d);
    });
}

}  // namespace

Handler select_multiply(Decoding& d) {
    return by_width(width_by_opcode(d), [&d]<typename T>() -> Handler {
        switch (d.reg) {
        case 4: return rm_source<T, multiply<T>>(d);
        case 5: return rm_source<T, signed_multiply<T>>(d);
        case 6: return rm_source<T, divide<T>>(d);
        default: return rm_source<T, signed_divide<T>>(d);
        }
    });
}

void register_multiply(OpcodeTable& table) {
    table.set(OpcodeMap::one_byte, 0x69, true, Immediate::operand, select_multiply_immediate);
    table.set(OpcodeMap::one_byte, 0x6b, true, Immediate::byte, select_multiply_immediate);
    table.set(OpcodeMap::two_byte, 0xaf, true, Immediate::none, select_multiply_register);
}

}  // namespace vmft::soft
