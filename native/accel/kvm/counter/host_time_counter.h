#pragma once

#include "accel/kvm/counter/breakpoint_counter.h"

namespace vmft::kvm {

/// For hosts without a counter: ticks are nanoseconds of the host's time for which the guest was
/// entered. Two runs of the same instructions have different ticks, so no position is exact, and
/// nothing can be armed: for guests that run unreplicated, or by checkpoints.
class HostTimeCounter final : public BreakpointCounter {
public:
    HostTimeCounter(Vcpu& vcpu, GuestMemory& memory) : BreakpointCounter(vcpu, memory) {}

    bool exact() const override { return false; }
    u64 ticks() override { return ticks_; }
    void set(u64 ticks) override { ticks_ = ticks; }
    /// Throws AcceleratorFault (unavailable).
    void arm(u64 at) override;
    void disarm() override {}
    u64 skid_max() const override { return 0; }
    const char* name() const override { return "none"; }

private:
    void guest_runs() override;
    void guest_ran() override;
    bool overflowed() override { return false; }

    u64 ticks_ = 0;
    u64 entered_ns_ = 0;
};

/// What is said where an exact position is asked for, and none is to be had.
[[noreturn]] void throw_no_positions();

}  // namespace vmft::kvm
