#pragma once

#include "accel/kvm/counter/branch_event.h"
#include "base/scoped_fd.h"

namespace vmft::kvm {

/// One perf event that counts an event of the calling thread in guest mode only, on a hardware
/// counter of its own for as long as it exists. Only for use on that thread.
/// Throws AcceleratorFault: unavailable where it cannot be had, counter_lost where it was had.
class PerfEvent {
public:
    /// Counts from now on.
    static PerfEvent counting(const BranchEvent& event);
    /// Counts nothing until `start`; each overflow sends `signal` to this thread, and stops it.
    static PerfEvent sampling(const BranchEvent& event, int signal);

    /// What it has counted. Throws when it has not had its counter all the time.
    u64 read() const;
    /// Overflows once, `period` events from now.
    void start(u64 period);
    void stop();

private:
    explicit PerfEvent(ScopedFd fd) : fd_(std::move(fd)) {}
    static PerfEvent open(const BranchEvent& event, bool sampling);

    ScopedFd fd_;
};

}  // namespace vmft::kvm
