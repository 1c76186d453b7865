#include "accel/soft/exec/system.h"

#include "accel/soft/access.h"
#include "accel/soft/decode.h"
#include "accel/soft/dispatch.h"
#include "accel/soft/flags.h"
#include "accel/soft/mmu.h"

/// Far transfers: JMP, CALL, RET and IRET (SDM 2A, 3A 5.8). Call gates, task gates and task
/// switches through JMP and CALL are not offered: they raise #GP. No 64-bit kernel uses them.
namespace vmft::soft {

namespace {

constexpr u16 index_mask = 0xfffc;

u64 operand_mask(unsigned operand_bytes) {
    return operand_bytes == 8 ? ~u64{0} : operand_bytes == 4 ? 0xffff'ffff : 0xffff;
}

u64 stack_mask(const Cpu& cpu) {
    if (in_64bit(cpu)) return ~u64{0};
    return cpu.code_mode & code_stack32 ? 0xffff'ffff : 0xffff;
}

u64 stack_linear(const Cpu& cpu, u64 pointer) {
    u64 linear = cpu.segment_base[seg_ss] + pointer;
    return in_64bit(cpu) ? linear : linear & 0xffff'ffff;
}

void set_stack_pointer(Cpu& cpu, u64 pointer) {
    u64 mask = stack_mask(cpu);
    if (mask == 0xffff) pointer = (cpu.gpr[rsp] & ~u64{0xffff}) | (pointer & 0xffff);
    cpu.gpr[rsp] = pointer & (mask == 0xffff ? ~u64{0} : mask);
}

/// Reads and writes frames of 2, 4 or 8-byte slots without moving rsp until the end.
class Frame {
public:
    Frame(Cpu& cpu, const Insn* insn, unsigned slot_bytes)
        : cpu_(cpu), insn_(insn), slot_bytes_(slot_bytes), mask_(stack_mask(cpu)),
          pointer_(cpu.gpr[rsp] & mask_) {}

    u64 pop() {
        u64 value = load_slow(cpu_, insn_, linear(), slot_bytes_);
        pointer_ = (pointer_ + slot_bytes_) & mask_;
        return value;
    }
    void push(u64 value) {
        pointer_ = (pointer_ - slot_bytes_) & mask_;
        store_slow_value(cpu_, insn_, linear(), value, slot_bytes_);
    }
    void skip(u64 bytes) { pointer_ = (pointer_ + bytes) & mask_; }
    u64 pointer() const { return pointer_; }

private:
    u64 linear() const {
        u64 address = stack_linear(cpu_, pointer_);
        bool canonical = is_canonical(address) && is_canonical(address + slot_bytes_ - 1);
        if (in_64bit(cpu_) && !canonical) raise(cpu_, insn_, vector_ss);
        return address;
    }

    Cpu& cpu_;
    const Insn* insn_;
    unsigned slot_bytes_;
    u64 mask_;
    u64 pointer_;
};

void load_real_code(Cpu& cpu, u16 selector, u64 rip) {
    cpu.segments[seg_cs].selector = selector;
    cpu.segments[seg_cs].base = static_cast<u64>(selector) << 4;
    cpu.rip = rip;
    refresh_mode(cpu);
}

/// Checks a code segment for a direct far JMP or CALL.
Descriptor direct_target(Cpu& cpu, const Insn* insn, u16 selector, u64 rip) {
    if ((selector & index_mask) == 0) raise(cpu, insn, vector_gp, 0);
    Descriptor descriptor = read_descriptor(cpu, insn, selector, vector_gp, false);
    const SegmentState& code = descriptor.state;
    u16 error = selector & index_mask;
    if (!code.is_code()) raise(cpu, insn, vector_gp, error);
    bool conforming = code.type() & 4;
    if (conforming ? code.dpl() > cpu.cpl : ((selector & 3) > cpu.cpl || code.dpl() != cpu.cpl))
        raise(cpu, insn, vector_gp, error);
    if (!code.usable()) raise(cpu, insn, vector_np, error);
    bool long_code = long_mode_active(cpu) && (code.access & SegmentState::long_code);
    if (long_code ? !is_canonical(rip) : rip > code.limit) raise(cpu, insn, vector_gp, 0);
    mark_accessed(cpu, insn, selector, descriptor);
    return descriptor;
}

void far_jump(Cpu& cpu, const Insn* insn, u16 selector, u64 rip) {
    if (!protected_mode(cpu)) {
        load_real_code(cpu, selector, rip);
        return;
    }
    Descriptor target = direct_target(cpu, insn, selector, rip);
    cpu.rip = rip;
    set_code_segment(cpu, target.state, cpu.cpl);
}

void far_call(Cpu& cpu, const Insn* insn, u16 selector, u64 rip, unsigned operand_bytes) {
    Frame frame(cpu, insn, operand_bytes);
    u64 return_rip = next_rip(cpu, insn);
    bool real = !protected_mode(cpu);
    Descriptor target;
    if (!real) target = direct_target(cpu, insn, selector, rip);
    frame.push(cpu.segments[seg_cs].selector);
    frame.push(return_rip);
    set_stack_pointer(cpu, frame.pointer());
    if (real) {
        load_real_code(cpu, selector, rip);
        return;
    }
    cpu.rip = rip;
    set_code_segment(cpu, target.state, cpu.cpl);
}

/// Code segment of a return to the same or an outer level.
Descriptor return_target(Cpu& cpu, const Insn* insn, u16 selector, u64 rip) {
    if ((selector & index_mask) == 0) raise(cpu, insn, vector_gp, 0);
    Descriptor descriptor = read_descriptor(cpu, insn, selector, vector_gp, false);
    const SegmentState& code = descriptor.state;
    u16 error = selector & index_mask;
    unsigned rpl = selector & 3;
    bool conforming = code.type() & 4;
    if (!code.is_code() || rpl < cpu.cpl) raise(cpu, insn, vector_gp, error);
    if (conforming ? code.dpl() > rpl : code.dpl() != rpl) raise(cpu, insn, vector_gp, error);
    if (!code.usable()) raise(cpu, insn, vector_np, error);
    bool long_code = long_mode_active(cpu) && (code.access & SegmentState::long_code);
    if (long_code ? !is_canonical(rip) : rip > code.limit) raise(cpu, insn, vector_gp, 0);
    mark_accessed(cpu, insn, selector, descriptor);
    return descriptor;
}

/// SS popped by a return to an outer level (or by a 64-bit IRET).
SegmentState return_stack(Cpu& cpu, const Insn* insn, u16 selector, unsigned new_cpl,
                          bool to_64bit) {
    if ((selector & index_mask) == 0) {
        if (!to_64bit || new_cpl == 3 || (selector & 3u) != new_cpl) raise(cpu, insn, vector_gp, 0);
        SegmentState null{};
        null.selector = selector;
        null.access = static_cast<u16>(0x93 | new_cpl << 5 | SegmentState::big);
        return null;
    }
    Descriptor descriptor = read_descriptor(cpu, insn, selector, vector_gp, false);
    const SegmentState& stack = descriptor.state;
    u16 error = selector & index_mask;
    bool data = !stack.is_code() && (stack.access & SegmentState::non_system) && (stack.type() & 2);
    if ((selector & 3u) != new_cpl || stack.dpl() != new_cpl || !data)
        raise(cpu, insn, vector_gp, error);
    if (!stack.usable()) raise(cpu, insn, vector_ss, error);
    mark_accessed(cpu, insn, selector, descriptor);
    return descriptor.state;
}

/// Data segments that the outer level may not use become null (SDM 3A 5.8.6).
void drop_inner_segments(Cpu& cpu) {
    for (SegmentRegister which : {seg_es, seg_ds, seg_fs, seg_gs}) {
        SegmentState& segment = cpu.segments[which];
        bool conforming = segment.is_code() && (segment.type() & 4);
        if (segment.usable() && !conforming && segment.dpl() < cpu.cpl) {
            u64 base = segment.base;
            segment = SegmentState{};
            segment.base = base;
        }
    }
}

void return_far(Cpu& cpu, const Insn* insn, unsigned operand_bytes, u64 extra_bytes) {
    Frame frame(cpu, insn, operand_bytes);
    u64 rip = frame.pop() & operand_mask(operand_bytes);
    u16 selector = static_cast<u16>(frame.pop());
    if (!protected_mode(cpu)) {
        frame.skip(extra_bytes);
        set_stack_pointer(cpu, frame.pointer());
        load_real_code(cpu, selector, rip);
        return;
    }
    Descriptor target = return_target(cpu, insn, selector, rip);
    unsigned rpl = selector & 3;
    frame.skip(extra_bytes);
    if (rpl == cpu.cpl) {
        set_stack_pointer(cpu, frame.pointer());
        cpu.rip = rip;
        set_code_segment(cpu, target.state, cpu.cpl);
        return;
    }
    bool to_64bit = long_mode_active(cpu) && (target.state.access & SegmentState::long_code);
    u64 pointer = frame.pop() & operand_mask(operand_bytes);
    u16 stack_selector = static_cast<u16>(frame.pop());
    SegmentState stack = return_stack(cpu, insn, stack_selector, rpl, to_64bit);
    cpu.rip = rip;
    cpu.segments[seg_ss] = stack;
    set_code_segment(cpu, target.state, static_cast<u8>(rpl));
    set_stack_pointer(cpu, pointer + extra_bytes);
    drop_inner_segments(cpu);
    refresh_mode(cpu);
}

/// Flags that IRET may change at this privilege.
void restore_flags(Cpu& cpu, u64 value, unsigned operand_bytes, u8 old_cpl) {
    u64 changeable = flag_tf | flag_df | flag_nt;
    if (operand_bytes >= 4) changeable |= flag_rf | flag_ac | flag_id;
    if (old_cpl <= (cpu.rflags >> 12 & 3)) changeable |= flag_if;
    if (old_cpl == 0) changeable |= flag_iopl | (operand_bytes >= 4 ? flag_vif | flag_vip : 0);
    cpu.rflags = (cpu.rflags & ~changeable) | (value & changeable) | 2;
    set_arithmetic_flags(cpu, value);
}

void return_interrupt_real(Cpu& cpu, const Insn* insn, unsigned operand_bytes) {
    Frame frame(cpu, insn, operand_bytes);
    u64 rip = frame.pop() & operand_mask(operand_bytes);
    u16 selector = static_cast<u16>(frame.pop());
    u64 flags = frame.pop();
    if ((cpu.rflags & flag_vm) && (cpu.rflags & flag_iopl) != flag_iopl)
        raise(cpu, insn, vector_gp, 0);
    u64 kept_iopl = cpu.rflags & flag_iopl;
    bool virtual_8086 = cpu.rflags & flag_vm;
    restore_flags(cpu, flags, operand_bytes, 0);
    if (virtual_8086) cpu.rflags = (cpu.rflags & ~flag_iopl) | kept_iopl;
    set_stack_pointer(cpu, frame.pointer());
    load_real_code(cpu, selector, rip);
}

void return_to_virtual_8086(Cpu& cpu, Frame& frame, u64 rip, u16 selector, u64 flags) {
    u64 pointer = frame.pop();
    u16 values[5];  // SS ES DS FS GS
    for (u16& value : values) value = static_cast<u16>(frame.pop());
    static constexpr SegmentRegister order[5] = {seg_ss, seg_es, seg_ds, seg_fs, seg_gs};
    cpu.rflags = (flags & (flag_tf | flag_if | flag_df | flag_iopl | flag_nt | flag_rf | flag_ac |
                           flag_vif | flag_vip | flag_id)) |
                 flag_vm | 2;
    set_arithmetic_flags(cpu, flags);
    for (unsigned i = 0; i < 5; i++)
        cpu.segments[order[i]] = {values[i], 0xf3, 0xffff, static_cast<u64>(values[i]) << 4};
    cpu.gpr[rsp] = pointer & 0xffff'ffff;
    cpu.rip = rip & 0xffff;
    set_code_segment(
        cpu, {static_cast<u16>(selector), 0xfb, 0xffff, static_cast<u64>(selector) << 4}, 3);
    cpu.segments[seg_cs].selector = selector;
}

void return_interrupt(Cpu& cpu, const Insn* insn, unsigned operand_bytes) {
    if (!protected_mode(cpu)) {
        return_interrupt_real(cpu, insn, operand_bytes);
        return;
    }
    if (cpu.rflags & flag_nt) raise(cpu, insn, vector_gp, 0);  // A nested task: not offered.
    bool from_64bit = in_64bit(cpu);
    Frame frame(cpu, insn, operand_bytes);
    u64 rip = frame.pop() & operand_mask(operand_bytes);
    u16 selector = static_cast<u16>(frame.pop());
    u64 flags = frame.pop();
    if ((flags & flag_vm) && operand_bytes == 4 && cpu.cpl == 0 && !long_mode_active(cpu)) {
        return_to_virtual_8086(cpu, frame, rip, selector, flags);
        return;
    }
    Descriptor target = return_target(cpu, insn, selector, rip);
    u8 old_cpl = cpu.cpl;
    unsigned rpl = selector & 3;
    bool to_64bit = long_mode_active(cpu) && (target.state.access & SegmentState::long_code);
    bool pops_stack = from_64bit || rpl != old_cpl;
    u64 pointer = 0;
    SegmentState stack = cpu.segments[seg_ss];
    if (pops_stack) {
        pointer = frame.pop() & operand_mask(operand_bytes);
        stack = return_stack(cpu, insn, static_cast<u16>(frame.pop()), rpl, to_64bit);
    }
    restore_flags(cpu, flags, operand_bytes, old_cpl);
    cpu.rip = rip;
    if (!pops_stack) set_stack_pointer(cpu, frame.pointer());
    cpu.segments[seg_ss] = stack;
    set_code_segment(cpu, target.state, static_cast<u8>(rpl));
    if (pops_stack) set_stack_pointer(cpu, pointer);
    if (rpl != old_cpl) drop_inner_segments(cpu);
    refresh_mode(cpu);
}

template <unsigned Bytes>
void op_iret(Cpu& cpu, const Insn* insn) {
    return_interrupt(cpu, insn, Bytes);
}
template <unsigned Bytes>
void op_ret_far(Cpu& cpu, const Insn* insn) {
    return_far(cpu, insn, Bytes, insn->imm & 0xffff);
}
template <unsigned Bytes>
void op_jmp_direct(Cpu& cpu, const Insn* insn) {
    far_jump(cpu, insn, static_cast<u16>(insn->imm >> 32), insn->imm & operand_mask(Bytes));
}
template <unsigned Bytes>
void op_call_direct(Cpu& cpu, const Insn* insn) {
    far_call(cpu, insn, static_cast<u16>(insn->imm >> 32), insn->imm & operand_mask(Bytes), Bytes);
}

struct FarPointer {
    u64 rip;
    u16 selector;
};
template <unsigned Bytes>
FarPointer read_far_pointer(Cpu& cpu, const Insn* insn) {
    u64 linear = linear_address(cpu, insn, Bytes + 2, Access::read);
    u64 rip = load_slow(cpu, insn, linear, Bytes);
    return {rip, static_cast<u16>(load_slow(cpu, insn, linear + Bytes, 2))};
}
template <unsigned Bytes>
void op_jmp_memory(Cpu& cpu, const Insn* insn) {
    FarPointer target = read_far_pointer<Bytes>(cpu, insn);
    far_jump(cpu, insn, target.selector, target.rip);
}
template <unsigned Bytes>
void op_call_memory(Cpu& cpu, const Insn* insn) {
    FarPointer target = read_far_pointer<Bytes>(cpu, insn);
    far_call(cpu, insn, target.selector, target.rip, Bytes);
}

#define VMFT_BY_OPERAND(d, operation)                                                              \
    ((d).operand_bytes == 8   ? transfer<operation<8>>                                             \
     : (d).operand_bytes == 4 ? transfer<operation<4>>                                             \
                              : transfer<operation<2>>)

Handler select_iret(Decoding& d) { return ending(d, VMFT_BY_OPERAND(d, op_iret)); }
Handler select_ret_far(Decoding& d) { return ending(d, VMFT_BY_OPERAND(d, op_ret_far)); }
Handler select_jmp_direct(Decoding& d) {
    return d.long_mode() ? nullptr : ending(d, VMFT_BY_OPERAND(d, op_jmp_direct));
}
Handler select_call_direct(Decoding& d) {
    return d.long_mode() ? nullptr : ending(d, VMFT_BY_OPERAND(d, op_call_direct));
}

}  // namespace

Handler select_far_jmp_memory(Decoding& d) {
    return d.memory ? ending(d, VMFT_BY_OPERAND(d, op_jmp_memory)) : nullptr;
}
Handler select_far_call_memory(Decoding& d) {
    return d.memory ? ending(d, VMFT_BY_OPERAND(d, op_call_memory)) : nullptr;
}

void register_system_far(OpcodeTable& table) {
    table.set(OpcodeMap::one_byte, 0xcf, false, Immediate::none, select_iret);
    table.set(OpcodeMap::one_byte, 0xca, false, Immediate::word, select_ret_far);
    table.set(OpcodeMap::one_byte, 0xcb, false, Immediate::none, select_ret_far);
    table.set(OpcodeMap::one_byte, 0xea, false, Immediate::far, select_jmp_direct);
    table.set(OpcodeMap::one_byte, 0x9a, false, Immediate::far, select_call_direct);
}

}  // namespace vmft::soft
