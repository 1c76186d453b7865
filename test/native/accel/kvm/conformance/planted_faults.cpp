#include "accel/kvm/conformance/planted_faults.h"

#include "accel/soft/flags.h"

namespace vmft::test::conformance {

Follower::Came FaultyFollower::follow(const Place& place) {
    if (!done_ && fault_ == Planted::late_interrupt && place.ticks > at_ticks_ &&
        subject_.platform().interrupt_pending() && takes_interrupts()) {
        done_ = true;
        u8 priority = subject_.platform().task_priority();
        subject_.platform().set_task_priority(15);
        Came came = SoftFollower::follow(place);
        subject_.platform().set_task_priority(priority);
        return came;
    }
    Came came = SoftFollower::follow(place);
    if (!done_ && place.ticks > at_ticks_) done_ = plant();
    return came;
}

bool FaultyFollower::takes_interrupts() {
    const soft::Cpu& cpu = subject_.cpu();
    return (cpu.rflags & soft::flag_if) && !cpu.halted &&
           cpu.interrupt_shadow == soft::InterruptShadow::none;
}

/// False: not here, at the next place.
bool FaultyFollower::plant() {
    soft::Cpu& cpu = subject_.cpu();
    GuestMemory& memory = subject_.memory();
    switch (fault_) {
    case Planted::flag: soft::set_cf(cpu, !soft::get_cf(cpu)); return true;
    case Planted::register_bit: cpu.gpr[soft::r11] ^= 1 << 5; return true;
    case Planted::segment_base: cpu.segments[soft::seg_gs].base += 0x1000; return true;
    case Planted::vector_bit: cpu.xmm[7].bytes[9] ^= 0x10; return true;
    case Planted::skipped_write:
        memory.data()[data_at + 0x700] ^= 1;
        memory.mark_dirty((data_at + 0x700) >> page_shift);
        return true;
    case Planted::accessed_bit: {
        u8& entry = memory.data()[entry_at(stack_top - 8)];
        if (!(entry & 0x20)) return false;
        entry ^= 0x20;
        memory.mark_dirty(entry_at(stack_top - 8) >> page_shift);
        return true;
    }
    case Planted::lost_interrupt:
        if (!subject_.platform().interrupt_pending()) return false;
        subject_.platform().acknowledge_interrupt();
        return true;
    case Planted::double_access: subject_.platform().port_read(0x10, 1); return true;
    case Planted::late_interrupt: return false;
    }
    return false;
}

}  // namespace vmft::test::conformance
