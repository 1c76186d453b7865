#pragma once

#include "accel/kvm/counter/counter.h"
#include "accel/kvm/counter/perf_event.h"
#include "accel/kvm/counter/stepper.h"

namespace vmft::kvm {

/// Counts by the host's performance counters; perf_counter.cpp has the essay. Opened by the first
/// `enter`, on whose thread it stays.
class PerfCounter final : public Counter {
public:
    /// Throws AcceleratorFault (unavailable) where no event is known for this CPU, or a try shows
    /// that it cannot be had.
    PerfCounter(const CounterOptions& options, Vcpu& vcpu, GuestMemory& memory);

    u64 ticks() override;
    void set(u64 ticks) override;
    void arm(u64 at) override;
    void disarm() override;
    u64 skid_max() const override { return skid_ + event_.period_min - 1; }
    void set_trap(std::optional<u64> rip) override { trap_ = rip; }
    Came enter(std::optional<u64> breakpoint_rip) override;
    const char* name() const override { return "perf"; }

private:
    struct Events {
        PerfEvent counting, sampling;
    };

    void prepare();
    void start_sampling();
    bool overflowed();
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
    BranchEvent event_;
    u64 skid_ = 0;
    std::optional<Events> events_;
    int thread_id_ = 0;
    u64 base_ = 0;  ///< ticks() = base_ + what the counting event has.
    u64 ticks_ = 0;
    bool ticks_known_ = true;
    bool armed_ = false, sampling_ = false;
    u64 armed_at_ = 0;
    std::optional<u64> trap_;
    u64 stepped_off_rip_ = 0;  ///< Its instruction's page was there.
    bool resume_works_ = true;
};

}  // namespace vmft::kvm
