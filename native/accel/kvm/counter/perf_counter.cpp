#include "accel/kvm/counter/perf_counter.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "accel/kvm/vcpu/kick.h"
#include "base/check.h"

/// Counting by the host's PMU.
///
/// Two events of the same kind on the vCPU's thread, in guest mode only. One only counts, and is
/// read where the count is asked for. The other overflows: its period is set when the counter is
/// armed, and the overflow sends the vCPU's own kick signal to the thread. The handler sets
/// immediate_exit, so an overflow right in front of KVM_RUN is not lost, and one that comes with an
/// exit ends the next entry. Which of the reasons a broken entry had is never asked of the signal:
/// the count says whether the overflow is due, Vcpu::take_kick whether there was a kick. A signal
/// that is late for an overflow already seen is a broken entry without a reason, and is repeated.
///
/// One event could do both, by its count across overflows; but re-arming it would stop it, and what
/// it counts between would be lost.
namespace vmft::kvm {

namespace {

int this_thread() { return static_cast<int>(::syscall(SYS_gettid)); }

u64 skid_from(const CounterOptions& options, u64 of_this_cpu) {
    if (options.skid != 0) return options.skid;
    // For processors that are better, or worse, than their kind: the lab's is exact.
    if (const char* text = std::getenv("VMFT_PERF_SKID")) {
        char* end = nullptr;
        u64 value = std::strtoull(text, &end, 10);
        if (*text >= '0' && *text <= '9' && *end == 0) return value;
        throw AcceleratorFault(AcceleratorFault::Kind::unavailable,
                               "VMFT_PERF_SKID is no number of branches", "unset it");
    }
    return of_this_cpu;
}

}  // namespace

PerfCounter::PerfCounter(const CounterOptions& options, Vcpu& vcpu, GuestMemory& memory)
    : BreakpointCounter(vcpu, memory), event_(host_branch_event()),
      skid_(skid_from(options, event_.skid)) {
    // Says now what would else be said by the first entry. On this thread, so it is not kept.
    PerfEvent counting = PerfEvent::counting(event_);
    PerfEvent::sampling(event_, Kick::signal_number()).start(~u64{0} >> 2);
}

void PerfCounter::prepare() {
    if (events_) {
        VMFT_CHECK(this_thread() == thread_id_);
        return;
    }
    thread_id_ = this_thread();
    PerfEvent counting = PerfEvent::counting(event_);
    PerfEvent sampling = PerfEvent::sampling(event_, Kick::signal_number());
    base_ = ticks_;
    events_.emplace(std::move(counting), std::move(sampling));
}

u64 PerfCounter::ticks() {
    if (!ticks_known_) {
        ticks_ = base_ + events_->counting.read();
        ticks_known_ = true;
    }
    return ticks_;
}

void PerfCounter::set(u64 ticks) {
    if (events_) base_ = ticks - events_->counting.read();
    ticks_ = ticks;
    ticks_known_ = true;
}

void PerfCounter::arm(u64 at) {
    disarm();
    armed_ = true;
    armed_at_ = at;
}

void PerfCounter::disarm() {
    if (sampling_) events_->sampling.stop();
    armed_ = sampling_ = false;
}

void PerfCounter::start_sampling() {
    if (!armed_ || sampling_) return;
    events_->sampling.start(armed_at_ - ticks());
    sampling_ = true;
}

bool PerfCounter::overflowed() {
    if (!armed_ || ticks() < armed_at_) return false;
    disarm();
    return true;
}

void PerfCounter::before_entries() {
    prepare();
    if (!armed_ || ticks() < armed_at_) start_sampling();
}

}  // namespace vmft::kvm
