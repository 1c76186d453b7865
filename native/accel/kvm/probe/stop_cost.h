#pragma once

#include "accel/kvm/counter/counter.h"

namespace vmft::kvm {

/// What single requests to this host's KVM cost, in nanoseconds of host time: medians.
struct VcpuCost {
    u64 exit_ns = 0;       ///< KVM_RUN to a port access of the guest's, and back.
    u64 step_ns = 0;       ///< KVM_RUN for one instruction, by single-step.
    u64 state_get_ns = 0;  ///< save_vcpu, right after an exit.
    u64 state_set_ns = 0;  ///< restore_vcpu.
};

/// Takes well under a second. Throws AcceleratorFault.
VcpuCost measure_vcpu_cost(KvmHost& host, std::span<const CpuidLeaf> cpuid);

/// What stops at given positions cost with one kind of counter, in a loop that comes by the
/// position's rip every `branches_per_round` branches.
struct StopCost {
    static constexpr u64 branches_per_round = 64;

    u64 stops = 0;
    u64 stop_ns_median = 0, stop_ns_max = 0;  ///< From the overflow to the position.
    u64 hits_median = 0;                      ///< Of the breakpoint, a stop.
    /// How many branches late the overflow was.
    u64 skid_median = 0, skid_max = 0;
    u64 skid_allowed = 0;  ///< Counter::skid_max().
};

/// Throws AcceleratorFault: also `overshoot` when a position is passed, `counter_lost` when an
/// overflow does not come within seconds.
StopCost measure_stop_cost(KvmHost& host, std::span<const CpuidLeaf> cpuid,
                           const CounterOptions& options, unsigned stops);

}  // namespace vmft::kvm
