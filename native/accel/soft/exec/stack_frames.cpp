#include "accel/soft/dispatch.h"
#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/operand_width.h"
#include "accel/soft/exec/stack_address.h"

/// ENTER, LEAVE, PUSHA, POPA.
namespace vmft::soft {
namespace {

/// A value pushed below `sp` while RSP itself stays, so that a later fault leaves the registers
/// alone.
template <typename T>
inline u64 push_below(Cpu& cpu, const Insn* insn, u64 sp, T value) {
    sp -= sizeof(T);
    stack_store<T>(cpu, insn, stack_linear(cpu, insn, sp, sizeof(T), Access::write), value);
    return sp;
}

/// SDM 2A, ENTER. Immediate: frame bytes in bits 0-15, nesting level in bits 16-20.
template <typename T>
void enter_frame(Cpu& cpu, const Insn* insn) {
    unsigned level = insn->imm >> 16 & 31;
    // It may read again what it has pushed: given up between two pushes to run alone, it would do
    // so once more than it should.
    if (level > 0 && !cpu.io_allowed) retry_alone(cpu, insn);
    u64 sp = push_below<T>(cpu, insn, cpu.gpr[rsp], read_reg<T>(cpu, rbp));
    u64 frame = sp, outer = cpu.gpr[rbp];
    if (level > 0) {
        for (unsigned i = 1; i < level; i++) {
            outer -= sizeof(T);
            T link =
                stack_load<T>(cpu, insn, stack_linear(cpu, insn, outer, sizeof(T), Access::read));
            sp = push_below<T>(cpu, insn, sp, link);
        }
        sp = push_below<T>(cpu, insn, sp, static_cast<T>(frame & stack_mask(cpu)));
    }
    sp -= insn->imm & 0xffff;
    stack_probe_write(cpu, insn, stack_linear(cpu, insn, sp, sizeof(T), Access::write), sizeof(T));
    write_reg<T>(cpu, rbp, static_cast<T>(frame & stack_mask(cpu)));
    write_stack_register(cpu, rsp, sp);
}

template <typename T>
void leave_frame(Cpu& cpu, const Insn* insn) {
    u64 frame = cpu.gpr[rbp];
    T outer = stack_load<T>(cpu, insn, stack_linear(cpu, insn, frame, sizeof(T), Access::read));
    write_stack_register(cpu, rsp, frame + sizeof(T));
    write_reg<T>(cpu, rbp, outer);
}

template <typename T>
void push_all(Cpu& cpu, const Insn* insn) {
    u64 sp = cpu.gpr[rsp];
    for (unsigned reg = rax; reg <= rdi; reg++)
        sp = push_below<T>(cpu, insn, sp, read_reg<T>(cpu, reg));
    write_stack_register(cpu, rsp, sp);
}

template <typename T>
[[gnu::noinline]] void pop_all(Cpu& cpu, const Insn* insn) {
    T values[8];
    for (unsigned i = 0; i < 8; i++) values[i] = peek<T>(cpu, insn, i * sizeof(T));
    for (unsigned i = 0; i < 8; i++)
        if (rdi - i != rsp) write_reg<T>(cpu, rdi - i, values[i]);
    drop(cpu, 8 * sizeof(T));
}

Handler select_enter(Decoding& d) {
    return by_operand_width(stack_operand_bytes(d),
                            []<typename T>() -> Handler { return step<enter_frame<T>>; });
}
Handler select_leave(Decoding& d) {
    return by_operand_width(stack_operand_bytes(d),
                            []<typename T>() -> Handler { return step<leave_frame<T>>; });
}
Handler select_push_all(Decoding& d) {
    if (d.long_mode()) return nullptr;
    return d.operand_bytes == 2 ? step<push_all<u16>> : step<push_all<u32>>;
}
Handler select_pop_all(Decoding& d) {
    if (d.long_mode()) return nullptr;
    return d.operand_bytes == 2 ? step<pop_all<u16>> : step<pop_all<u32>>;
}

}  // namespace

void register_stack_frames(OpcodeTable& table) {
    auto map = OpcodeMap::one_byte;
    table.set(map, 0x60, false, Immediate::none, select_push_all);
    table.set(map, 0x61, false, Immediate::none, select_pop_all);
    table.set(map, 0xc8, false, Immediate::enter, select_enter);
    table.set(map, 0xc9, false, Immediate::none, select_leave);
}

}  // namespace vmft::soft
