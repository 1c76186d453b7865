#include <type_traits>

#include "accel/soft/dispatch.h"
#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/operand_width.h"
#include "accel/soft/exec/stack_address.h"

/// PUSH and POP of segment registers.
namespace vmft::soft {
namespace {

/// With a 32-bit operand only the selector's 16 bits are written, as recent Intel CPUs do; with a
/// 64-bit one it is zero-extended (SDM 2B, PUSH).
template <SegmentRegister Which, unsigned Bytes>
void push_segment(Cpu& cpu, const Insn* insn) {
    using Written = std::conditional_t<Bytes == 8, u64, u16>;
    u64 sp = cpu.gpr[rsp] - Bytes;
    stack_store<Written>(cpu, insn, stack_linear(cpu, insn, sp, sizeof(Written), Access::write),
                         cpu.segments[Which].selector);
    write_stack_register(cpu, rsp, sp);
}

template <SegmentRegister Which, unsigned Bytes>
void pop_segment(Cpu& cpu, const Insn* insn) {
    u16 selector = peek<u16>(cpu, insn);
    u64 mask = stack_mask(cpu);  // of the old SS
    load_segment(cpu, insn, Which, selector);
    cpu.gpr[rsp] = (cpu.gpr[rsp] & ~mask) | ((cpu.gpr[rsp] + Bytes) & mask);
    if constexpr (Which == seg_ss) cpu.interrupt_shadow = InterruptShadow::mov_ss;
}

template <SegmentRegister Which>
Handler select_push_segment(Decoding& d) {
    if (d.long_mode() && Which < seg_fs) return nullptr;
    switch (stack_operand_bytes(d)) {
    case 2: return step<push_segment<Which, 2>>;
    case 4: return step<push_segment<Which, 4>>;
    default: return step<push_segment<Which, 8>>;
    }
}

template <SegmentRegister Which>
Handler select_pop_segment(Decoding& d) {
    if (d.long_mode() && Which < seg_fs) return nullptr;
    switch (stack_operand_bytes(d)) {
    case 2: return ending(d, finish<pop_segment<Which, 2>>);
    case 4: return ending(d, finish<pop_segment<Which, 4>>);
    default: return ending(d, finish<pop_segment<Which, 8>>);
    }
}

}  // namespace

void register_stack_segments(OpcodeTable& table) {
    auto one = OpcodeMap::one_byte, two = OpcodeMap::two_byte;
    table.set(one, 0x06, false, Immediate::none, select_push_segment<seg_es>);
    table.set(one, 0x07, false, Immediate::none, select_pop_segment<seg_es>);
    table.set(one, 0x0e, false, Immediate::none, select_push_segment<seg_cs>);
    table.set(one, 0x16, false, Immediate::none, select_push_segment<seg_ss>);
    table.set(one, 0x17, false, Immediate::none, select_pop_segment<seg_ss>);
    table.set(one, 0x1e, false, Immediate::none, select_push_segment<seg_ds>);
    table.set(one, 0x1f, false, Immediate::none, select_pop_segment<seg_ds>);
    table.set(two, 0xa0, false, Immediate::none, select_push_segment<seg_fs>);
    table.set(two, 0xa1, false, Immediate::none, select_pop_segment<seg_fs>);
    table.set(two, 0xa8, false, Immediate::none, select_push_segment<seg_gs>);
    table.set(two, 0xa9, false, Immediate::none, select_pop_segment<seg_gs>);
}

}  // namespace vmft::soft
