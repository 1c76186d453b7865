#include "accel/kvm/counter/perf_event.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "accel/accelerator_fault.h"

namespace vmft::kvm {

namespace {

using Kind = AcceleratorFault::Kind;

constexpr u64 period_at_first = u64{1} << 40;  // Any; `start` sets it.
constexpr const char* alternative =
    "use --accel soft, or --counter none with checkpoint replication";

struct Reading {
    u64 value = 0, enabled_ns = 0, running_ns = 0;
};

/// Bytes read: all of it, or none when the event is in its error state.
ssize_t read_event(int fd, Reading& reading) {
    ssize_t bytes;
    do bytes = ::read(fd, &reading, sizeof reading);
    while (bytes < 0 && errno == EINTR);
    return bytes;
}

std::string paranoid_level() {
    std::ifstream file("/proc/sys/kernel/perf_event_paranoid");
    std::string level;
    return file >> level ? level : "unreadable";
}

[[noreturn]] void throw_not_opened(const BranchEvent& event, int error) {
    switch (error) {
    case EACCES:
    case EPERM:
        throw AcceleratorFault(
            Kind::unavailable,
            "not permitted to count what a guest's kernel executes: kernel.perf_event_paranoid "
            "is " +
                paranoid_level() + ", and this process lacks CAP_PERFMON",
            "sysctl kernel.perf_event_paranoid=1, or give the process CAP_PERFMON");
    case ENOENT:
    case EOPNOTSUPP:
    case ENODEV:
    case ENXIO:
    case EINVAL:
        throw AcceleratorFault(
            Kind::unavailable,
            std::string("this host has no performance counter for retired conditional branches (") +
                event.microarchitecture +
                "): it is a virtual machine without a virtual PMU, or its kernel has no driver",
            std::string("give the virtual machine a PMU, or ") + alternative);
    case ENOSYS:
        throw AcceleratorFault(Kind::unavailable, "this host's kernel has no perf_event_open",
                               alternative);
    case EBUSY:
        throw AcceleratorFault(Kind::unavailable, "the performance counter is in use by another",
                               "stop what uses it (perf, the NMI watchdog: "
                               "sysctl kernel.nmi_watchdog=0)");
    default:
        throw AcceleratorFault(Kind::host,
                               std::string("perf_event_open failed: ") + std::strerror(error));
    }
}

[[noreturn]] void throw_lost(const std::string& how) {
    throw AcceleratorFault(Kind::counter_lost, "the performance counter " + how,
                           "stop what uses the PMU (perf, the NMI watchdog: "
                           "sysctl kernel.nmi_watchdog=0); on a hybrid CPU keep the process on its "
                           "performance cores (taskset)");
}

void control(int fd, unsigned long code, void* argument, const char* name) {
    if (::ioctl(fd, code, argument) != 0)
        throw AcceleratorFault(Kind::host, std::string(name) + " failed: " + std::strerror(errno));
}

}  // namespace

PerfEvent PerfEvent::open(const BranchEvent& event, bool sampling) {
    perf_event_attr attributes{};
    attributes.size = sizeof attributes;
    attributes.type = event.type;
    attributes.config = event.config;
    attributes.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    attributes.exclude_host = 1;
    attributes.pinned = 1;
    attributes.disabled = sampling;
    if (sampling) attributes.sample_period = period_at_first;
    PerfEvent opened(ScopedFd(static_cast<int>(
        ::syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC))));
    if (!opened.fd_) throw_not_opened(event, errno);
    return opened;
}

PerfEvent PerfEvent::counting(const BranchEvent& event) {
    PerfEvent opened = open(event, false);
    // A pinned event that gets no counter is opened all the same, in its error state.
    Reading reading;
    if (read_event(opened.fd_.get(), reading) != sizeof reading) throw_not_opened(event, EBUSY);
    return opened;
}

PerfEvent PerfEvent::sampling(const BranchEvent& event, int signal) {
    PerfEvent opened = open(event, true);
    int fd = opened.fd_.get();
    f_owner_ex owner{F_OWNER_TID, static_cast<pid_t>(::syscall(SYS_gettid))};
    if (::fcntl(fd, F_SETFL, O_ASYNC | O_NONBLOCK) != 0 || ::fcntl(fd, F_SETSIG, signal) != 0 ||
        ::fcntl(fd, F_SETOWN_EX, &owner) != 0)
        throw AcceleratorFault(Kind::host, std::string("the performance counter's signal: ") +
                                               std::strerror(errno));
    return opened;
}

u64 PerfEvent::read() const {
    Reading reading;
    if (read_event(fd_.get(), reading) != sizeof reading)
        throw_lost("was taken away by another use of the PMU");
    if (reading.enabled_ns != reading.running_ns)
        throw_lost("was shared with another use of the PMU: it counted for " +
                   std::to_string(reading.running_ns) + " of " +
                   std::to_string(reading.enabled_ns) + " ns");
    return reading.value;
}

void PerfEvent::start(u64 period) {
    control(fd_.get(), PERF_EVENT_IOC_PERIOD, &period, "PERF_EVENT_IOC_PERIOD");
    control(fd_.get(), PERF_EVENT_IOC_REFRESH, reinterpret_cast<void*>(1),
            "PERF_EVENT_IOC_REFRESH");
    // Where there is no counter left for it, it is in its error state now.
    read();
}

void PerfEvent::stop() {
    control(fd_.get(), PERF_EVENT_IOC_DISABLE, nullptr, "PERF_EVENT_IOC_DISABLE");
}

}  // namespace vmft::kvm
