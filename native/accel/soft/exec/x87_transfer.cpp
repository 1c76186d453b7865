#include <bit>

#include "accel/soft/exec/x87_host.h"
#include "accel/soft/exec/x87_memory_bits.h"
#include "accel/soft/exec/x87_select.h"
#include "accel/soft/flags.h"

namespace vmft::soft::x87 {
namespace {

/// The stack underflow's response for a store (SDM 1 table 4-1, 4-4).
template <typename T>
constexpr T indefinite_as() {
    if constexpr (std::is_same_v<T, float>)
        return std::bit_cast<float>(0xffc00000u);
    else if constexpr (std::is_same_v<T, double>)
        return std::bit_cast<double>(u64{0xfff8000000000000});
    else
        return static_cast<T>(T{1} << (8 * sizeof(T) - 1));
}

template <typename T>
[[gnu::noinline]] void load_memory(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    T source = std::bit_cast<T>(load<typename MemoryBits<T>::Type>(
        cpu, insn, linear_address(cpu, insn, sizeof(T), Access::read)));
    note_memory_instruction(cpu, insn);
    X87& x = cpu.x87;
    if (!room_to_push(x)) return;
    Float80 value;
    // A denormal is loaded even when its exception is unmasked.
    if (accept(x, host_load(x.control, source, value), invalid)) push(x, value);
}

Float80 load_ten_bytes(Cpu& cpu, const Insn* insn) {
    u64 linear = linear_address(cpu, insn, 10, Access::read);
    u8 bytes[10];
    if (((linear & page_mask) + 9) <= page_mask && fast_read<u64>(cpu, linear))
        std::memcpy(bytes, fast_read<u64>(cpu, linear), 10);
    else
        load_slow_bytes(cpu, insn, linear, bytes, 10);
    Float80 value;
    std::memcpy(&value.mantissa, bytes, 8);
    std::memcpy(&value.sign_exponent, bytes + 8, 2);
    return value;
}
void store_ten_bytes(Cpu& cpu, const Insn* insn, const Float80& value) {
    u8 bytes[10];
    std::memcpy(bytes, &value.mantissa, 8);
    std::memcpy(bytes + 8, &value.sign_exponent, 2);
    store_slow(cpu, insn, linear_address(cpu, insn, 10, Access::write), bytes, 10);
}

[[gnu::noinline]] void load_extended(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    Float80 value = load_ten_bytes(cpu, insn);
    note_memory_instruction(cpu, insn);
    if (room_to_push(cpu.x87)) push(cpu.x87, value);
}

/// FBLD: 18 decimal digits and a sign. Digits above 9 are undefined; they count as what they are.
[[gnu::noinline]] void load_decimal(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    Float80 packed = load_ten_bytes(cpu, insn);
    note_memory_instruction(cpu, insn);
    if (!room_to_push(cpu.x87)) return;
    u64 number = 0;
    for (int digit = 17; digit >= 0; --digit) {
        u64 nibble = digit >= 16 ? packed.sign_exponent >> (4 * (digit - 16)) & 15
                                 : packed.mantissa >> (4 * digit) & 15;
        number = number * 10 + nibble;
    }
    Float80 value = signed_zero(packed.sign_exponent >> 15);
    if (number) {
        unsigned shift = static_cast<unsigned>(std::countl_zero(number));
        value.mantissa = number << shift;
        value.sign_exponent = static_cast<u16>(value.sign_exponent | (0x3fff + 63 - shift));
    }
    push(cpu.x87, value);
}

enum class Rounding { by_control, truncated };

/// FST, FSTP, FIST, FISTP, FISTTP. An unmasked exception other than inexact leaves memory and stack
/// alone.
template <typename T, bool Pop, Rounding How = Rounding::by_control>
[[gnu::noinline]] void store_memory(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    X87& x = cpu.x87;
    T value = indefinite_as<T>();
    u16 status = invalid | stack_fault;
    if (!empty(x, 0)) {
        if constexpr (How == Rounding::truncated)
            status = host_store_truncated(x.control, st(x, 0), value);
        else
            status = host_store(x.control, st(x, 0), value);
    }
    bool blocked = status & exceptions & ~precision & ~x.control;
    if (!blocked) {
        using Bits = typename MemoryBits<T>::Type;
        store<Bits>(cpu, insn, linear_address(cpu, insn, sizeof(T), Access::write),
                    std::bit_cast<Bits>(value));
    } else {
        probe_write_slow(cpu, insn, linear_address(cpu, insn, sizeof(T), Access::write), sizeof(T));
    }
    note_memory_instruction(cpu, insn);
    if (status & stack_fault)
        stack_underflow(x);
    else
        accept(x, status);
    if (Pop && !blocked) pop(x);
}

[[gnu::noinline]] void store_extended(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    X87& x = cpu.x87;
    bool missing = empty(x, 0), blocked = missing && !(x.control & invalid);
    if (!blocked)
        store_ten_bytes(cpu, insn, missing ? indefinite : st(x, 0));
    else
        probe_write_slow(cpu, insn, linear_address(cpu, insn, 10, Access::write), 10);
    note_memory_instruction(cpu, insn);
    if (missing)
        stack_underflow(x);
    else
        clear_c1(x);
    if (!blocked) pop(x);
}

[[gnu::noinline]] void store_decimal(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    X87& x = cpu.x87;
    Float80 packed{0xc000000000000000, 0xffff};  // the packed decimal indefinite
    u16 status = invalid | stack_fault;
    if (!empty(x, 0)) status = host_store_decimal(x.control, st(x, 0), packed);
    bool blocked = status & exceptions & ~precision & ~x.control;
    if (!blocked)
        store_ten_bytes(cpu, insn, packed);
    else
        probe_write_slow(cpu, insn, linear_address(cpu, insn, 10, Access::write), 10);
    note_memory_instruction(cpu, insn);
    if (status & stack_fault)
        stack_underflow(x);
    else
        accept(x, status);
    if (!blocked) pop(x);
}

[[gnu::noinline]] void load_register(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    note_instruction(cpu, insn);
    X87& x = cpu.x87;
    unsigned source = insn->rm & 7;
    if (empty(x, source)) {
        if (stack_underflow(x)) push(x, indefinite);
        return;
    }
    Float80 value = st(x, source);
    if (room_to_push(x)) push(x, value);
}

template <bool Pop, bool Checked = true>
[[gnu::noinline]] void store_register(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    note_instruction(cpu, insn);
    X87& x = cpu.x87;
    Float80 value = st(x, 0);
    if (empty(x, 0)) {
        if constexpr (!Checked) {
            clear_c1(x);
            pop(x);
            return;
        }
        if (!stack_underflow(x)) return;
        value = indefinite;
    } else {
        clear_c1(x);
    }
    put(x, insn->rm & 7, value);
    if constexpr (Pop) pop(x);
}

[[gnu::noinline]] void exchange(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    note_instruction(cpu, insn);
    X87& x = cpu.x87;
    unsigned other = insn->rm & 7;
    bool top_empty = empty(x, 0), other_empty = empty(x, other);
    if (top_empty || other_empty) {
        if (!stack_underflow(x)) return;
        if (top_empty) put(x, 0, indefinite);
        if (other_empty) put(x, other, indefinite);
    } else {
        clear_c1(x);
    }
    std::swap(st(x, 0), st(x, other));
}

/// FCMOVcc by an integer condition code.
template <unsigned Code>
[[gnu::noinline]] void conditional_move(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    note_instruction(cpu, insn);
    X87& x = cpu.x87;
    unsigned source = insn->rm & 7;
    if (empty(x, 0) || empty(x, source)) {
        if (stack_underflow(x)) put(x, 0, indefinite);
        return;
    }
    if (condition<Code>(cpu)) st(x, 0) = st(x, source);
}

template <u8 Number>
[[gnu::noinline]] void load_constant(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    note_instruction(cpu, insn);
    X87& x = cpu.x87;
    if (!room_to_push(x)) return;
    Float80 value;
    host_constant<Number>(x.control, value);
    push(x, value);
}

Handler select_memory(const Decoding& d) {
    switch (d.opcode << 4 | d.reg) {
    case 0xd90: return step<load_memory<float>>;
    case 0xd92: return step<store_memory<float, false>>;
    case 0xd93: return step<store_memory<float, true>>;
    case 0xdb0: return step<load_memory<i32>>;
    case 0xdb1: return step<store_memory<i32, true, Rounding::truncated>>;
    case 0xdb2: return step<store_memory<i32, false>>;
    case 0xdb3: return step<store_memory<i32, true>>;
    case 0xdb5: return step<load_extended>;
    case 0xdb7: return step<store_extended>;
    case 0xdd0: return step<load_memory<double>>;
    case 0xdd1: return step<store_memory<i64, true, Rounding::truncated>>;
    case 0xdd2: return step<store_memory<double, false>>;
    case 0xdd3: return step<store_memory<double, true>>;
    case 0xdf0: return step<load_memory<i16>>;
    case 0xdf1: return step<store_memory<i16, true, Rounding::truncated>>;
    case 0xdf2: return step<store_memory<i16, false>>;
    case 0xdf3: return step<store_memory<i16, true>>;
    case 0xdf4: return step<load_decimal>;
    case 0xdf5: return step<load_memory<i64>>;
    case 0xdf6: return step<store_decimal>;
    case 0xdf7: return step<store_memory<i64, true>>;
    default: return nullptr;
    }
}

}  // namespace

Handler select_transfer(const Decoding& d) {
    if (d.memory) return select_memory(d);
    switch (d.opcode << 4 | d.reg) {
    case 0xd90: return step<load_register>;
    case 0xd91:
    case 0xdd1:  // undocumented alias, as is DF C8
    case 0xdf1: return step<exchange>;
    case 0xd93:
        return step<store_register<true, false>>;  // undocumented: an empty register is no fault to
                                                   // it
    case 0xdd3:
    case 0xdf2:  // undocumented alias, as is DF D8
    case 0xdf3: return step<store_register<true>>;
    case 0xdd2: return step<store_register<false>>;
    case 0xda0: return step<conditional_move<2>>;   // B
    case 0xda1: return step<conditional_move<4>>;   // E
    case 0xda2: return step<conditional_move<6>>;   // BE
    case 0xda3: return step<conditional_move<10>>;  // U
    case 0xdb0: return step<conditional_move<3>>;
    case 0xdb1: return step<conditional_move<5>>;
    case 0xdb2: return step<conditional_move<7>>;
    case 0xdb3: return step<conditional_move<11>>;
    case 0xd95: {
        static constexpr Handler constants[8] = {step<load_constant<0>>, step<load_constant<1>>,
                                                 step<load_constant<2>>, step<load_constant<3>>,
                                                 step<load_constant<4>>, step<load_constant<5>>,
                                                 step<load_constant<6>>, nullptr};
        return constants[d.rm];
    }
    default: return nullptr;
    }
}

}  // namespace vmft::soft::x87
