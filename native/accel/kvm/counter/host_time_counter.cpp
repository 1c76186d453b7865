#include "accel/kvm/counter/host_time_counter.h"

#include "accel/accelerator_fault.h"
#include "accel/kvm/monotonic_clock.h"

namespace vmft::kvm {

void throw_no_positions() {
    throw AcceleratorFault(AcceleratorFault::Kind::unavailable,
                           "without a counter the guest cannot be stopped at a position: nothing "
                           "can be replayed",
                           "replicate by checkpoints (--replication checkpoint), use --accel soft, "
                           "or give this host a counter (vmft check says which)");
}

void HostTimeCounter::arm(u64) { throw_no_positions(); }

void HostTimeCounter::guest_runs() { entered_ns_ = monotonic_ns(); }

void HostTimeCounter::guest_ran() { ticks_ += monotonic_ns() - entered_ns_; }

}  // namespace vmft::kvm
