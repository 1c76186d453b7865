#pragma once

#include "accel/kvm/counter/breakpoint_counter.h"
#include "accel/kvm/counter/perf_event.h"

namespace vmft::kvm {

/// Counts by the host's performance counters; perf_counter.cpp has the essay. Opened by the first
/// `enter`, on whose thread it stays.
class PerfCounter final : public BreakpointCounter {
public:
    /// Throws AcceleratorFault (unavailable) where no event is known for this CPU, or a try shows
    /// that it cannot be had.
    PerfCounter(const CounterOptions& options, Vcpu& vcpu, GuestMemory& memory);

    u64 ticks() override;
    void set(u64 ticks) override;
    void arm(u64 at) override;
    void disarm() override;
    u64 skid_max() const override { return skid_ + event_.period_min - 1; }
    const char* name() const override { return "perf"; }

private:
    struct Events {
        PerfEvent counting, sampling;
    };

    void before_entries() override;
    void guest_ran() override { ticks_known_ = false; }
    bool overflowed() override;
    void prepare();
    void start_sampling();

    BranchEvent event_;
    u64 skid_ = 0;
    std::optional<Events> events_;
    int thread_id_ = 0;
    u64 base_ = 0;  ///< ticks() = base_ + what the counting event has.
    u64 ticks_ = 0;
    bool ticks_known_ = true;
    bool armed_ = false, sampling_ = false;
    u64 armed_at_ = 0;
};

}  // namespace vmft::kvm
