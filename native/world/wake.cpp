#include "world/wake.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"

namespace vmft {

namespace {

/// FUTEX_WAIT_BITSET takes an absolute time of the monotonic clock; FUTEX_WAIT a relative one.
/// False when the time came.
bool futex_wait_until(std::atomic<u32>& word, u32 expected, u64 deadline_ns) {
    timespec deadline{static_cast<time_t>(deadline_ns / 1'000'000'000),
                      static_cast<long>(deadline_ns % 1'000'000'000)};
    long result = syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected,
                          deadline_ns == Wake::forever_ns ? nullptr : &deadline, nullptr,
                          FUTEX_BITSET_MATCH_ANY);
    return result == 0 || errno != ETIMEDOUT;
}

}  // namespace

void Wake::post(u32 reasons) {
    VMFT_CHECK((reasons & ~wake_reason::mask) == 0);
    u32 before = word_.fetch_or(reasons, std::memory_order_acq_rel);
    if (before & asleep) syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

u32 Wake::take() {
    if (posted() == 0) return 0;
    return word_.exchange(0, std::memory_order_acq_rel) & wake_reason::mask;
}

u32 Wake::wait_until(u64 deadline_ns) {
    for (;;) {
        if (u32 reasons = take(); reasons != 0) return reasons;
        u32 awake = 0;
        if (!word_.compare_exchange_strong(awake, asleep, std::memory_order_acq_rel) &&
            awake != asleep)
            continue;
        if (!futex_wait_until(word_, asleep, deadline_ns))
            return word_.exchange(0, std::memory_order_acq_rel) & wake_reason::mask;
    }
}

void Wake::sharpen_timers_of_this_thread() { prctl(PR_SET_TIMERSLACK, 1000, 0, 0, 0); }

}  // namespace vmft
