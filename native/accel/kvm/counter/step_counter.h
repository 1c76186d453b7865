#pragma once

#include "accel/kvm/counter/counter.h"
#include "accel/kvm/counter/stepper.h"

namespace vmft::kvm {

/// Counts by decoding each instruction that is stepped over. Exact, without skid, and slow.
class StepCounter final : public Counter {
public:
    StepCounter(Vcpu& vcpu, GuestMemory& memory) : vcpu_(vcpu), stepper_(vcpu, memory) {}

    u64 ticks() override { return ticks_; }
    void set(u64 ticks) override { ticks_ = ticks; }
    void arm(u64 at) override { arm_late(at, 0, 0); }
    /// For tests: overflows `late_branches` branches and then up to `late_instructions`
    /// instructions behind `at`, but never more than `late_branches + 1` branches.
    void arm_late(u64 at, u64 late_branches, u64 late_instructions);
    void disarm() override { armed_ = false; }
    u64 skid_max() const override { return 0; }
    void set_trap(std::optional<u64> rip) override { trap_ = rip; }
    Came enter(std::optional<u64> breakpoint_rip) override;
    const char* name() const override { return "step"; }

private:
    std::optional<Came> after(const Stepper::Step& step, std::optional<u64> breakpoint_rip);
    bool overflowed();
    bool window_opened();

    Vcpu& vcpu_;
    Stepper stepper_;
    u64 ticks_ = 0;
    bool armed_ = false;
    u64 overflow_at_ = 0, instructions_left_ = 0;
    std::optional<u64> trap_;
};

}  // namespace vmft::kvm
