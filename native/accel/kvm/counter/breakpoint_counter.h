#pragma once

#include "accel/kvm/counter/counter.h"
#include "accel/kvm/counter/stepper.h"

namespace vmft::kvm {

/// A counter that enters the guest at full speed, and stops it by the processor's breakpoints;
/// breakpoint_counter.cpp has the essay.
class BreakpointCounter : public Counter {
public:
    void set_trap(std::optional<u64> rip) override { trap_ = rip; }
    Came enter(std::optional<u64> breakpoint_rip) override;

protected:
    BreakpointCounter(Vcpu& vcpu, GuestMemory& memory)
        : vcpu_(vcpu), memory_(memory), stepper_(vcpu, memory) {}

    /// At the begin of each `enter`.
    virtual void before_entries() {}
    /// The guest is about to run, and has run: what was counted may be another number.
    virtual void guest_runs() {}
    virtual void guest_ran() = 0;
    /// Whether the armed count is reached; disarms then.
    virtual bool overflowed() = 0;

private:
    bool at_breakpoint(std::optional<u64> breakpoint_rip);
    std::optional<Came> came_to(std::optional<u64> breakpoint_rip);
    std::optional<Came> leave_breakpoint(std::optional<u64> breakpoint_rip);
    std::optional<Came> step_off(std::optional<u64> breakpoint_rip);
    bool can_resume();
    std::optional<Came> resume(std::optional<u64> breakpoint_rip);
    void set_breakpoints(std::optional<u64> breakpoint_rip);
    std::optional<Came> run(std::optional<u64> breakpoint_rip);
    std::optional<Came> broken_out_of();

    Vcpu& vcpu_;
    GuestMemory& memory_;
    Stepper stepper_;
    std::optional<u64> trap_;
    u64 stepped_off_rip_ = 0;  ///< Its instruction's page was there.
    bool resume_works_ = true;
};

}  // namespace vmft::kvm
