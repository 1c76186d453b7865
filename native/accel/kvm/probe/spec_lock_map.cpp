#include "accel/kvm/probe/spec_lock_map.h"

#include <cpuid.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "base/scoped_fd.h"

namespace vmft::kvm {

namespace {

/// User mode, enabled, event 0x25 with unit mask 8.
constexpr u64 spec_lock_map_commits = 0x51'0825;
constexpr unsigned locked_instructions = 100'000;

/// AMD's families from 17h on are Zen; Hygon's 18h is too.
bool is_zen() {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (__get_cpuid(0, &eax, &ebx, &ecx, &edx) == 0) return false;
    constexpr unsigned auth = 0x6874'7541, hygo = 0x6f67'7948;
    if (ebx != auth && ebx != hygo) return false;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0) return false;
    unsigned family = (eax >> 8 & 0xf) + (eax >> 20 & 0xff);
    return family >= 0x17;
}

}  // namespace

SpecLockMap observe_spec_lock_map() {
    if (!is_zen()) return SpecLockMap::not_zen;
    perf_event_attr event{};
    event.size = sizeof event;
    event.type = PERF_TYPE_RAW;
    event.config = spec_lock_map_commits;
    event.exclude_kernel = 1;
    event.exclude_guest = 1;
    ScopedFd counter(
        static_cast<int>(::syscall(SYS_perf_event_open, &event, 0, -1, -1, PERF_FLAG_FD_CLOEXEC)));
    if (!counter) return SpecLockMap::not_counted;

    std::atomic<u64> value{0};
    for (unsigned i = 0; i < locked_instructions; i++) value.fetch_add(i);

    u64 commits = 0;
    if (::read(counter.get(), &commits, sizeof commits) != sizeof commits)
        return SpecLockMap::not_counted;
    return commits == 0 ? SpecLockMap::unused : SpecLockMap::used;
}

}  // namespace vmft::kvm
