#include "accel/kvm/counter/step_counter.h"

namespace vmft::kvm {

void StepCounter::arm_late(u64 at, u64 late_branches, u64 late_instructions) {
    armed_ = true;
    overflow_at_ = at + late_branches;
    instructions_left_ = late_instructions;
}

bool StepCounter::overflowed() {
    if (!armed_ || ticks_ < overflow_at_) return false;
    if (ticks_ == overflow_at_ && instructions_left_ > 0) {
        instructions_left_--;
        return false;
    }
    armed_ = false;
    return true;
}

std::optional<Counter::Came> StepCounter::after(const Stepper::Step& step,
                                                std::optional<u64> breakpoint_rip) {
    if (step.branch) ticks_++;
    switch (step.ended) {
    case Stepper::Ended::exit: return Came::exit;
    case Stepper::Ended::kicked:
        if (vcpu_.take_kick()) return Came::kicked;
        return std::nullopt;
    case Stepper::Ended::retired:
    case Stepper::Ended::arrived: break;
    }
    if (step.event_waits) return std::nullopt;
    u64 rip = vcpu_.registers().rip;
    if (trap_ && rip == *trap_) return Came::trap;
    if (breakpoint_rip && rip == *breakpoint_rip) return Came::breakpoint;
    return std::nullopt;
}

/// A KVM may report the step and forget the interrupt window that opens behind it: then it is made
/// the exit that it would have been.
bool StepCounter::window_opened() {
    kvm_run& page = vcpu_.run_page();
    if (!page.request_interrupt_window || !page.ready_for_interrupt_injection || !page.if_flag)
        return false;
    page.exit_reason = KVM_EXIT_IRQ_WINDOW_OPEN;
    return true;
}

Counter::Came StepCounter::enter(std::optional<u64> breakpoint_rip) {
    std::optional<Came> came;
    if (overflowed()) return Came::overflow;
    stepper_.begin();
    while (!came) {
        came = after(stepper_.step(), breakpoint_rip);
        if (!came && overflowed()) came = Came::overflow;
        if (!came && window_opened()) came = Came::exit;
    }
    stepper_.end();
    return *came;
}

}  // namespace vmft::kvm
