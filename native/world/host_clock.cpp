#include "world/host_clock.h"

#include <time.h>

namespace vmft {

namespace {

u64 now_ns(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);  // Cannot fail for these clocks.
    return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
}

}  // namespace

u64 host_monotonic_ns() { return now_ns(CLOCK_MONOTONIC); }
u64 host_realtime_ns() { return now_ns(CLOCK_REALTIME); }

}  // namespace vmft
