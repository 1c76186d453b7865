#include "accel/soft/dispatch.h"
#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/operand_width.h"
#include "accel/soft/exec/stack_address.h"

/// PUSH and POP of registers, immediates and memory. Those of 64 bits in 64-bit mode have fast
/// handlers in the manner of operand_steps.h; the others take the general way.
namespace vmft::soft {
namespace {

template <typename T>
inline T from_register(Cpu& cpu, const Insn* insn) {
    return read_reg<T>(cpu, insn->rm);
}
template <typename T>
inline T from_immediate(Cpu&, const Insn* insn) {
    return static_cast<T>(insn->imm);
}

template <typename T, auto Value>
[[gnu::noinline]] void push_general(Cpu& cpu, const Insn* insn) {
    push<T>(cpu, insn, Value(cpu, insn));
    VMFT_GO(cpu, insn + 1);
}
template <auto Value>
void push_flat(Cpu& cpu, const Insn* insn) {
    u64 sp = cpu.gpr[rsp] - 8;
    if (u8* host = fast_write<u64>(cpu, sp)) [[likely]] {
        u64 value = Value(cpu, insn);
        std::memcpy(host, &value, sizeof value);
        cpu.gpr[rsp] = sp;
        VMFT_GO(cpu, insn + 1);
    }
    return push_general<u64, Value>(cpu, insn);
}

template <typename T>
[[gnu::noinline]] void pop_general(Cpu& cpu, const Insn* insn) {
    T value = peek<T>(cpu, insn);
    drop(cpu, sizeof(T));
    write_reg<T>(cpu, insn->rm, value);  // last: POP rSP keeps what it popped
    VMFT_GO(cpu, insn + 1);
}
void pop_flat(Cpu& cpu, const Insn* insn) {
    u64 sp = cpu.gpr[rsp];
    if (const u8* host = fast_read<u64>(cpu, sp)) [[likely]] {
        u64 value;
        std::memcpy(&value, host, sizeof value);
        cpu.gpr[rsp] = sp + 8;
        cpu.gpr[insn->rm] = value;
        VMFT_GO(cpu, insn + 1);
    }
    return pop_general<u64>(cpu, insn);
}

template <typename T>
void push_memory(Cpu& cpu, const Insn* insn) {
    push<T>(cpu, insn, load<T>(cpu, insn, linear_address(cpu, insn, sizeof(T), Access::read)));
}

/// An operand addressed through rSP sees it already moved (SDM 2B, POP).
template <typename T>
void pop_memory(Cpu& cpu, const Insn* insn) {
    T value = peek<T>(cpu, insn);
    u64 address = effective_address(cpu, insn);
    if (insn->base == rsp) address += sizeof(T);
    if (insn->flags & insn_address_checked)
        address = checked_address(cpu, insn, address, sizeof(T), Access::write);
    else
        address += cpu.segment_base[insn->segment];
    store<T>(cpu, insn, address, value);
    drop(cpu, sizeof(T));
}

Handler select_push_register(Decoding& d) {
    use_opcode_register(d);
    return by_operand_width(stack_operand_bytes(d), []<typename T>() -> Handler {
        if constexpr (sizeof(T) == 8)
            return push_flat<from_register<u64>>;
        else
            return push_general<T, from_register<T>>;
    });
}
Handler select_push_immediate(Decoding& d) {
    return by_operand_width(stack_operand_bytes(d), []<typename T>() -> Handler {
        if constexpr (sizeof(T) == 8)
            return push_flat<from_immediate<u64>>;
        else
            return push_general<T, from_immediate<T>>;
    });
}
Handler select_pop_register(Decoding& d) {
    use_opcode_register(d);
    return by_operand_width(stack_operand_bytes(d), []<typename T>() -> Handler {
        if constexpr (sizeof(T) == 8)
            return pop_flat;
        else
            return pop_general<T>;
    });
}
Handler select_pop_rm(Decoding& d) {
    if (d.reg != 0) return nullptr;
    return by_operand_width(stack_operand_bytes(d), [&d]<typename T>() -> Handler {
        if (d.memory) return step<pop_memory<T>>;
        if constexpr (sizeof(T) == 8)
            return pop_flat;
        else
            return pop_general<T>;
    });
}

}  // namespace

Handler select_push_rm(Decoding& d) {
    return by_operand_width(stack_operand_bytes(d), [&d]<typename T>() -> Handler {
        if (d.memory) return step<push_memory<T>>;
        if constexpr (sizeof(T) == 8)
            return push_flat<from_register<u64>>;
        else
            return push_general<T, from_register<T>>;
    });
}

void register_stack(OpcodeTable& table) {
    auto map = OpcodeMap::one_byte;
    for (unsigned opcode = 0x50; opcode <= 0x57; opcode++)
        table.set(map, static_cast<u8>(opcode), false, Immediate::none, select_push_register);
    for (unsigned opcode = 0x58; opcode <= 0x5f; opcode++)
        table.set(map, static_cast<u8>(opcode), false, Immediate::none, select_pop_register);
    table.set(map, 0x68, false, Immediate::operand, select_push_immediate);
    table.set(map, 0x6a, false, Immediate::byte, select_push_immediate);
    table.set(map, 0x8f, true, Immediate::none, select_pop_rm);
}

}  // namespace vmft::soft
