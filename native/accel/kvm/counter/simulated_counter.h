#pragma once

#include "accel/kvm/counter/step_counter.h"

namespace vmft::kvm {

/// For tests: counts as StepCounter does, but overflows late as a performance counter, by a random
/// number of branches up to `skid` and some instructions. The same seed gives the same.
class SimulatedCounter final : public Counter {
public:
    SimulatedCounter(Vcpu& vcpu, GuestMemory& memory, u64 skid, u64 random_seed)
        : steps_(vcpu, memory), skid_(skid), random_(random_seed) {}

    u64 ticks() override { return steps_.ticks(); }
    void set(u64 ticks) override { steps_.set(ticks); }
    void arm(u64 at) override;
    void disarm() override { steps_.disarm(); }
    u64 skid_max() const override { return skid_; }
    void set_trap(std::optional<u64> rip) override { steps_.set_trap(rip); }
    Came enter(std::optional<u64> breakpoint_rip) override { return steps_.enter(breakpoint_rip); }
    const char* name() const override { return "simulated"; }

private:
    u64 next_random();

    StepCounter steps_;
    u64 skid_;
    u64 random_;
};

}  // namespace vmft::kvm
