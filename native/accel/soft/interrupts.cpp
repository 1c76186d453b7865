#include "accel/soft/interrupts.h"

#include "accel/soft/flags.h"
#include "accel/soft/mmu.h"
#include "accel/soft/segments.h"

/// Delivery through the IDT: SDM 3A 6.12 (protected mode), 6.14 (64-bit), 20.1.4 (real mode).
/// Everything that can fault is read and written first; registers change last.
namespace vmft::soft {

namespace {

constexpr u32 error_external = 1, error_idt = 2;

bool is_software(const Event& event) {
    return event.kind == EventKind::software || event.kind == EventKind::software_unchecked;
}

/// Error code for a fault found while delivering `event`.
u32 idt_error(const Event& event) {
    return static_cast<u32>(event.vector) << 3 | error_idt |
           (is_software(event) ? 0 : error_external);
}
u32 selector_error(const Event& event, u16 selector) {
    return (selector & 0xfffcu) | (is_software(event) ? 0 : error_external);
}

u64 pushed_flags(const Cpu& cpu, const Event& event) {
    u64 flags = read_rflags(cpu);
    // RF is pushed set for faults, so that an instruction breakpoint does not hit again (SDM
    // 3B 17.3.1.1).
    if (event.kind == EventKind::fault && event.vector != vector_db && event.vector != vector_df)
        flags |= flag_rf;
    if (event.kind == EventKind::fault && event.vector == vector_db) flags |= flag_rf;
    return flags;
}

struct Gate {
    unsigned type = 0;
    u16 selector = 0;
    u64 offset = 0;
    unsigned stack_table = 0;
    bool is_trap() const { return type == 15 || type == 7; }
};

Gate read_gate(Cpu& cpu, const Event& event) {
    bool wide = long_mode_active(cpu);
    u64 size = wide ? 16 : 8, at = event.vector * size;
    if (at + size - 1 > cpu.idtr.limit) raise(cpu, nullptr, vector_gp, idt_error(event));
    u64 low = system_load<u64>(cpu, nullptr, cpu.idtr.base + at);
    u64 high = wide ? system_load<u64>(cpu, nullptr, cpu.idtr.base + at + 8) : 0;
    Gate gate;
    gate.type = low >> 40 & 15;
    gate.selector = static_cast<u16>(low >> 16);
    gate.offset = (low & 0xffff) | (low >> 32 & 0xffff'0000) | high << 32;
    gate.stack_table = wide ? low >> 32 & 7 : 0;
    bool system_bit = low >> 44 & 1;
    bool known =
        gate.type == 14 || gate.type == 15 || (!wide && (gate.type == 6 || gate.type == 7));
    if (!known || system_bit) raise(cpu, nullptr, vector_gp, idt_error(event));
    if (event.kind == EventKind::software && (low >> 45 & 3) < cpu.cpl)
        raise(cpu, nullptr, vector_gp, idt_error(event));
    if (!(low >> 47 & 1)) raise(cpu, nullptr, vector_np, idt_error(event));
    if (gate.type == 6 || gate.type == 7) gate.offset &= 0xffff;
    return gate;
}

struct Target {
    Descriptor code;
    u8 cpl = 0;
};

Target read_target(Cpu& cpu, const Event& event, const Gate& gate) {
    if ((gate.selector & 0xfffc) == 0)
        raise(cpu, nullptr, vector_gp, is_software(event) ? 0 : error_external);
    Target target;
    target.code = read_descriptor(cpu, nullptr, gate.selector, vector_gp, false);
    const SegmentState& code = target.code.state;
    u32 error = selector_error(event, gate.selector);
    if (!code.is_code() || code.dpl() > cpu.cpl) raise(cpu, nullptr, vector_gp, error);
    if (!code.usable()) raise(cpu, nullptr, vector_np, error);
    bool conforming = code.type() & 4;
    target.cpl = conforming ? cpu.cpl : static_cast<u8>(code.dpl());
    if (long_mode_active(cpu) &&
        (!(code.access & SegmentState::long_code) || (code.access & SegmentState::big)))
        raise(cpu, nullptr, vector_gp, error);
    return target;
}

/// Flags and code segment of the handler.
void enter_handler(Cpu& cpu, const Gate& gate, Target& target) {
    if (!gate.is_trap()) cpu.rflags &= ~flag_if;
    cpu.rflags &= ~(flag_tf | flag_nt | flag_rf | flag_vm);
    target.code.state.selector = gate.selector;
    set_code_segment(cpu, target.code.state, target.cpl);
    cpu.rip = gate.offset;
}

void deliver_long(Cpu& cpu, const Event& event) {
    Gate gate = read_gate(cpu, event);
    Target target = read_target(cpu, event, gate);
    if (!is_canonical(gate.offset)) raise(cpu, nullptr, vector_gp, 0);
    bool inner = target.cpl < cpu.cpl;
    u64 stack = cpu.gpr[rsp];
    if (gate.stack_table != 0 || inner) {
        u64 field = gate.stack_table ? 36 + 8 * (gate.stack_table - 1) : 4 + 8 * target.cpl;
        if (field + 7 > cpu.tr.limit) raise(cpu, nullptr, vector_ts, cpu.tr.selector & 0xfffcu);
        stack = system_load<u64>(cpu, nullptr, cpu.tr.base + field);
    }
    if (!is_canonical(stack)) raise(cpu, nullptr, vector_ss, 0);
    stack &= ~u64{15};
    {
        // The frame belongs to the handler's privilege level; the scope ends before that level is
        // entered.
        SystemAccess access(cpu);
        auto push = [&](u64 value) {
            stack -= 8;
            store<u64>(cpu, nullptr, stack, value);
        };
        push(cpu.segments[seg_ss].selector);
        push(cpu.gpr[rsp]);
        push(pushed_flags(cpu, event));
        push(cpu.segments[seg_cs].selector);
        push(event.return_rip);
        if (event.has_error) push(event.error);
    }
    mark_accessed(cpu, nullptr, gate.selector, target.code);
    if (inner) {
        cpu.segments[seg_ss] = SegmentState{};
        cpu.segments[seg_ss].selector = target.cpl;
        cpu.segments[seg_ss].access = static_cast<u16>(0x93 | target.cpl << 5 | SegmentState::big);
    }
    cpu.gpr[rsp] = stack;
    enter_handler(cpu, gate, target);
}

/// The new stack segment and pointer for an inner privilege level, from the 32-bit TSS.
Descriptor read_inner_stack(Cpu& cpu, const Event& event, u8 cpl, u64& pointer) {
    bool wide_tss = cpu.tr.type() >= 9;
    u64 field = wide_tss ? 4 + 8 * cpl : 2 + 4 * cpl;
    if (field + (wide_tss ? 5 : 3) > cpu.tr.limit)
        raise(cpu, nullptr, vector_ts, cpu.tr.selector & 0xfffcu);
    pointer = wide_tss ? system_load<u32>(cpu, nullptr, cpu.tr.base + field)
                       : system_load<u16>(cpu, nullptr, cpu.tr.base + field);
    u16 selector = system_load<u16>(cpu, nullptr, cpu.tr.base + field + (wide_tss ? 4 : 2));
    u32 error = selector_error(event, selector);
    if ((selector & 0xfffc) == 0) raise(cpu, nullptr, vector_ts, error);
    Descriptor stack = read_descriptor(cpu, nullptr, selector, vector_ts, false);
    bool data = !stack.state.is_code() && (stack.state.access & SegmentState::non_system);
    if ((selector & 3u) != cpl || stack.state.dpl() != cpl || !data || !(stack.state.type() & 2))
        raise(cpu, nullptr, vector_ts, error);
    if (!stack.state.usable()) raise(cpu, nullptr, vector_ss, error);
    return stack;
}

void deliver_protected(Cpu& cpu, const Event& event) {
    Gate gate = read_gate(cpu, event);
    Target target = read_target(cpu, event, gate);
    bool from_virtual_8086 = cpu.rflags & flag_vm;
    if (from_virtual_8086 && target.cpl != 0)
        raise(cpu, nullptr, vector_gp, selector_error(event, gate.selector));
    bool inner = target.cpl < cpu.cpl;
    bool wide = gate.type == 14 || gate.type == 15;
    if (gate.offset > target.code.state.limit)
        raise(cpu, nullptr, vector_gp, is_software(event) ? 0 : error_external);
    Descriptor stack_segment;
    stack_segment.state = cpu.segments[seg_ss];
    u64 pointer = cpu.gpr[rsp];
    if (inner) stack_segment = read_inner_stack(cpu, event, target.cpl, pointer);
    bool big_stack = stack_segment.state.access & SegmentState::big;
    u64 pointer_mask = big_stack ? 0xffff'ffff : 0xffff;
    u64 base = stack_segment.state.base;
    {
        SystemAccess access(cpu);
        auto push = [&](u64 value) {
            pointer = (pointer - (wide ? 4 : 2)) & pointer_mask;
            if (wide)
                store<u32>(cpu, nullptr, (base + pointer) & 0xffff'ffff, static_cast<u32>(value));
            else
                store<u16>(cpu, nullptr, (base + pointer) & 0xffff'ffff, static_cast<u16>(value));
        };
        if (from_virtual_8086)
            for (SegmentRegister which : {seg_gs, seg_fs, seg_ds, seg_es})
                push(cpu.segments[which].selector);
        if (inner) {
            push(cpu.segments[seg_ss].selector);
            push(cpu.gpr[rsp]);
        }
        push(pushed_flags(cpu, event));
        push(cpu.segments[seg_cs].selector);
        push(event.return_rip);
        if (event.has_error) push(event.error);
    }
    mark_accessed(cpu, nullptr, gate.selector, target.code);
    if (from_virtual_8086)
        for (SegmentRegister which : {seg_gs, seg_fs, seg_ds, seg_es})
            cpu.segments[which] = SegmentState{};
    if (inner) {
        cpu.segments[seg_ss] = stack_segment.state;
        cpu.gpr[rsp] = pointer;
    } else {
        cpu.gpr[rsp] = (cpu.gpr[rsp] & ~pointer_mask) | pointer;
    }
    enter_handler(cpu, gate, target);
}

void deliver_real(Cpu& cpu, const Event& event) {
    u64 at = event.vector * u64{4};
    if (at + 3 > cpu.idtr.limit) raise(cpu, nullptr, vector_gp, 0);
    u32 entry = system_load<u32>(cpu, nullptr, cpu.idtr.base + at);
    u16 pointer = static_cast<u16>(cpu.gpr[rsp]);
    auto push = [&](u16 value) {
        pointer = static_cast<u16>(pointer - 2);
        store<u16>(cpu, nullptr, cpu.segments[seg_ss].base + pointer, value);
    };
    push(static_cast<u16>(read_rflags(cpu)));
    push(cpu.segments[seg_cs].selector);
    push(static_cast<u16>(event.return_rip));
    cpu.gpr[rsp] = (cpu.gpr[rsp] & ~u64{0xffff}) | pointer;
    cpu.rflags &= ~(flag_if | flag_tf | flag_ac | flag_rf);
    cpu.segments[seg_cs].selector = static_cast<u16>(entry >> 16);
    cpu.segments[seg_cs].base = static_cast<u64>(entry >> 16) << 4;
    cpu.rip = entry & 0xffff;
    refresh_mode(cpu);
}

bool is_contributory(u8 vector) {
    return vector == vector_de || vector == vector_ts || vector == vector_np ||
           vector == vector_ss || vector == vector_gp;
}

}  // namespace

void deliver_event(Cpu& cpu, const Event& event) {
    if (event.vector == vector_db && event.kind != EventKind::software)
        cpu.dr7 &= ~u64{1 << 13};  // GD (SDM 3B 17.2.4).
    if (!(cpu.cr0 & cr0_pe))
        deliver_real(cpu, event);
    else if (long_mode_active(cpu))
        deliver_long(cpu, event);
    else
        deliver_protected(cpu, event);
}

bool is_double_fault(u8 first, u8 second) {
    if (is_contributory(first)) return is_contributory(second);
    if (first == vector_pf) return second == vector_pf || is_contributory(second);
    return false;
}

bool pushes_error_code(u8 vector) {
    return vector == vector_df || (vector >= vector_ts && vector <= vector_pf) ||
           vector == vector_ac;
}

}  // namespace vmft::soft
