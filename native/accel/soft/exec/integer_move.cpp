#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/operand_steps.h"
#include "accel/soft/exec/operand_width.h"
#include "accel/soft/exec/stack_address.h"
#include "accel/soft/flags.h"

/// MOV, MOVZX, MOVSX, MOVSXD, LEA, XLAT, CMOVcc, SETcc, MOVNTI.
namespace vmft::soft {
namespace {

template <typename T>
inline T register_value(Cpu& cpu, const Insn* insn) {
    return get_reg<T>(cpu, insn);
}
template <typename T>
inline T immediate_value(Cpu&, const Insn* insn) {
    return static_cast<T>(insn->imm);
}
template <typename T>
inline void into_register(Cpu& cpu, const Insn* insn, T value) {
    put_reg<T>(cpu, insn, value);
}

Handler select_store(Decoding& d) {
    return by_width(width_by_opcode(d),
                    [&d]<typename T>() -> Handler { return rm_target<T, register_value<T>>(d); });
}
Handler select_load(Decoding& d) {
    return by_width(width_by_opcode(d),
                    [&d]<typename T>() -> Handler { return rm_source<T, into_register<T>>(d); });
}
Handler select_store_immediate(Decoding& d) {
    if (d.reg != 0) return nullptr;
    return by_width(width_by_opcode(d),
                    [&d]<typename T>() -> Handler { return rm_target<T, immediate_value<T>>(d); });
}
Handler select_store_nontemporal(Decoding& d) {
    if (!d.memory || d.mandatory != Mandatory::none) return nullptr;
    if (d.operand_bytes == 8) return rm_target<u64, register_value<u64>>(d);
    return rm_target<u32, register_value<u32>>(d);
}
/// B0-BF
Handler select_register_immediate(Decoding& d) {
    use_opcode_register(d);
    return by_width(d.opcode & 8 ? d.operand_bytes : 1,
                    [&d]<typename T>() -> Handler { return rm_target<T, immediate_value<T>>(d); });
}

// A0-A3: the address is the immediate --------------------------------------------------

inline u64 offset_address(Cpu& cpu, const Insn* insn, unsigned size_bytes, Access access) {
    return segment_address(cpu, insn, static_cast<SegmentRegister>(insn->segment), insn->imm,
                           size_bytes, access);
}
template <typename T>
void load_offset(Cpu& cpu, const Insn* insn) {
    put_rm_reg<T>(cpu, insn,
                  load<T>(cpu, insn, offset_address(cpu, insn, sizeof(T), Access::read)));
}
template <typename T>
void store_offset(Cpu& cpu, const Insn* insn) {
    store<T>(cpu, insn, offset_address(cpu, insn, sizeof(T), Access::write),
             get_rm_reg<T>(cpu, insn));
}
Handler select_offset(Decoding& d) {
    use_accumulator(d);
    return by_width(width_by_opcode(d), [&d]<typename T>() -> Handler {
        return d.opcode & 2 ? step<store_offset<T>> : step<load_offset<T>>;
    });
}

// Widening -------------------------------------------------------------------------------

template <typename T, typename From>
inline void zero_extended(Cpu& cpu, const Insn* insn, From value) {
    put_reg<T>(cpu, insn, static_cast<T>(value));
}
template <typename T, typename From>
inline void sign_extended(Cpu& cpu, const Insn* insn, From value) {
    put_reg<T>(cpu, insn, static_cast<T>(sign_extend(value)));
}
template <typename From>
Handler select_zero_extend(Decoding& d) {
    return by_operand_width(d.operand_bytes, [&d]<typename T>() -> Handler {
        return rm_source<From, zero_extended<T, From>>(d);
    });
}
template <typename From>
Handler select_sign_extend(Decoding& d) {
    return by_operand_width(d.operand_bytes, [&d]<typename T>() -> Handler {
        return rm_source<From, sign_extended<T, From>>(d);
    });
}

// LEA ------------------------------------------------------------------------------------

template <typename T>
inline void effective_any(Cpu& cpu, const Insn* insn) {
    u64 address = effective_address(cpu, insn);
    if (insn->flags & insn_address32)
        address = static_cast<u32>(address);
    else if (insn->flags & insn_address16)
        address = static_cast<u16>(address);
    put_reg<T>(cpu, insn, static_cast<T>(address));
}
template <typename T, bool Indexed>
inline void effective_plain(Cpu& cpu, const Insn* insn) {
    u64 address = cpu.gpr[insn->base] + static_cast<u64>(static_cast<i64>(insn->disp));
    if constexpr (Indexed) address += cpu.gpr[insn->index] << insn->scale;
    put_reg<T>(cpu, insn, static_cast<T>(address));
}
Handler select_effective_address(Decoding& d) {
    if (!d.memory) return nullptr;
    return by_operand_width(d.operand_bytes, [&d]<typename T>() -> Handler {
        const Insn& insn = *d.insn;
        bool truncated = d.address_bytes < sizeof(T) || d.address_bytes == 2;
        if (truncated || (insn.flags & insn_rip_late)) return step<effective_any<T>>;
        return insn.index == reg_zero ? step<effective_plain<T, false>>
                                      : step<effective_plain<T, true>>;
    });
}

void translate(Cpu& cpu, const Insn* insn) {
    u64 offset = cpu.gpr[rbx] + (cpu.gpr[rax] & 0xff);
    if (insn->flags & insn_address16)
        offset = static_cast<u16>(offset);
    else if (insn->flags & insn_address32)
        offset = static_cast<u32>(offset);
    u64 linear = segment_address(cpu, insn, static_cast<SegmentRegister>(insn->segment), offset, 1,
                                 Access::read);
    write_reg8(cpu, rax * 8, load<u8>(cpu, insn, linear));
}
Handler select_translate(Decoding&) { return step<translate>; }

// Conditional ----------------------------------------------------------------------------

template <typename T, unsigned Code>
inline void move_if(Cpu& cpu, const Insn* insn, T value) {
    // A 32-bit destination loses its upper half either way.
    if (condition<Code>(cpu))
        put_reg<T>(cpu, insn, value);
    else if constexpr (sizeof(T) == 4)
        put_reg<T>(cpu, insn, get_reg<T>(cpu, insn));
}
template <unsigned Code>
inline u8 condition_value(Cpu& cpu, const Insn*) {
    return condition<Code>(cpu);
}
template <unsigned Code>
Handler select_move_if(Decoding& d) {
    return by_operand_width(d.operand_bytes, [&d]<typename T>() -> Handler {
        return rm_source<T, move_if<T, Code>>(d);
    });
}
template <unsigned Code>
Handler select_set_if(Decoding& d) {
    return rm_target<u8, condition_value<Code>>(d);
}
template <unsigned Code>
void register_condition(OpcodeTable& table) {
    table.set(OpcodeMap::two_byte, 0x40 + Code, true, Immediate::none, select_move_if<Code>);
    table.set(OpcodeMap::two_byte, 0x90 + Code, true, Immediate::none, select_set_if<Code>);
    if constexpr (Code > 0) register_condition<Code - 1>(table);
}

}  // namespace

void register_move(OpcodeTable& table) {
    auto one = OpcodeMap::one_byte, two = OpcodeMap::two_byte;
    table.set(one, 0x88, true, Immediate::none, select_store);
    table.set(one, 0x89, true, Immediate::none, select_store);
    table.set(one, 0x8a, true, Immediate::none, select_load);
    table.set(one, 0x8b, true, Immediate::none, select_load);
    table.set(one, 0x8d, true, Immediate::none, select_effective_address);
    for (unsigned opcode = 0xa0; opcode <= 0xa3; opcode++)
        table.set(one, static_cast<u8>(opcode), false, Immediate::address, select_offset);
    for (unsigned opcode = 0xb0; opcode <= 0xb7; opcode++)
        table.set(one, static_cast<u8>(opcode), false, Immediate::byte, select_register_immediate);
    for (unsigned opcode = 0xb8; opcode <= 0xbf; opcode++)
        table.set(one, static_cast<u8>(opcode), false, Immediate::operand_full,
                  select_register_immediate);
    table.set(one, 0xc6, true, Immediate::byte, select_store_immediate);
    table.set(one, 0xc7, true, Immediate::operand, select_store_immediate);
    table.set(one, 0xd7, false, Immediate::none, select_translate);
    table.set(two, 0xb6, true, Immediate::none, select_zero_extend<u8>);
    table.set(two, 0xb7, true, Immediate::none, select_zero_extend<u16>);
    table.set(two, 0xbe, true, Immediate::none, select_sign_extend<u8>);
    table.set(two, 0xbf, true, Immediate::none, select_sign_extend<u16>);
    table.set(two, 0xc3, true, Immediate::none, select_store_nontemporal);
    register_condition<15>(table);
}

}  // namespace vmft::soft
