#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <iostream>

#include "accel/kvm/counter/branch_event.h"
#include "accel/kvm/counter/branch_instruction.h"
#include "accel/kvm/counter/counter_guest.h"
#include "accel/kvm/counter/stepping_guests.h"
#include "test.h"

/// What is special about the performance counter: breakpoints in a guest that must not notice them,
/// and losing the counter. In the lab; elsewhere as far as there is a counter.
namespace vmft::kvm::test {
namespace {

std::unique_ptr<Counter> perf_counter(CounterGuest& guest) {
    try {
        return make_counter({}, guest.vcpu(), guest.memory());
    } catch (const AcceleratorFault& fault) {
        if (fault.kind() != AcceleratorFault::Kind::unavailable) throw;
        std::cout << "skipped: " << fault.what() << "\n";
        return nullptr;
    }
}

/// Runs with a breakpoint at one place; how often it was come to, or -1.
long run_with_breakpoint(CounterGuest& guest, Counter& counter, u64 breakpoint_rip) {
    long hits = 0;
    for (;;) {
        switch (counter.enter(breakpoint_rip)) {
        case Counter::Came::exit:
            if (!guest.answer()) return guest.end == CounterGuest::End::port ? hits : -1;
            break;
        case Counter::Came::breakpoint:
            if (guest.vcpu().registers().rip != breakpoint_rip) return -1;
            hits++;
            break;
        default: return -1;
        }
    }
}

VMFT_TEST(breakpoints_leave_no_trace) {
    KvmHost* host = kvm_host();
    if (!host) return;
    for (const SteppingGuest& guest : stepping_guests()) {
        CounterGuest free(*host, guest.code);
        if (!perf_counter(free)) return;
        if (free.run_free() != CounterGuest::End::port) continue;
        long hits = 0;
        u64 offset = 0, length = 0;
        for (; guest.code.begin + offset < guest.code.end; offset += length) {
            std::span<const u8> left(guest.code.begin + offset, guest.code.end);
            auto instruction = decode_instruction(left, CodeBits::bits64);
            length = instruction && instruction->length ? instruction->length : 1;
            CounterGuest stopped(*host, guest.code);
            std::unique_ptr<Counter> counter = perf_counter(stopped);
            long here = run_with_breakpoint(stopped, *counter, CounterGuest::code + offset);
            bool right = here >= 0 && same_state(free, stopped) && stopped.exits == free.exits &&
                         counter->ticks() == guest.branches;
            if (!right)
                std::cout << guest.name << " with a breakpoint at offset " << offset << ", hits "
                          << here << ", branches " << counter->ticks() << " of " << guest.branches
                          << ": " << stopped.reason << "\n";
            VMFT_EXPECT(right);
            hits += here;
        }
        VMFT_EXPECT(hits > 0);
    }
}

/// As many counters as there are, for all that runs on all CPUs: they go before a thread's.
class CounterThief {
public:
    CounterThief() {
        BranchEvent event = host_branch_event();
        perf_event_attr attributes{};
        attributes.size = sizeof attributes;
        attributes.type = event.type;
        attributes.config = event.config;
        attributes.pinned = 1;
        long cpus = ::sysconf(_SC_NPROCESSORS_ONLN);
        for (int cpu = 0; cpu < cpus; cpu++)
            for (unsigned i = 0; i < counters_max; i++)
                events_.emplace_back(static_cast<int>(::syscall(
                    SYS_perf_event_open, &attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC)));
    }

private:
    static constexpr unsigned counters_max = 12;
    std::vector<ScopedFd> events_;
};

VMFT_TEST(a_counter_in_use_is_refused_by_name) {
    KvmHost* host = kvm_host();
    if (!host) return;
    CounterGuest guest(*host, stepping_guests()[0].code);
    if (!perf_counter(guest)) return;
    CounterThief thief;
    try {
        make_counter({}, guest.vcpu(), guest.memory());
        VMFT_EXPECT(!"made");
    } catch (const AcceleratorFault& fault) {
        VMFT_EXPECT(fault.kind() == AcceleratorFault::Kind::unavailable);
        VMFT_EXPECT(std::string(fault.what()).find("in use") != std::string::npos);
    }
}

VMFT_TEST(a_counter_taken_away_is_noticed) {
    KvmHost* host = kvm_host();
    if (!host) return;
    const SteppingGuest& exits = stepping_guests()[3];
    CounterGuest guest(*host, exits.code);
    std::unique_ptr<Counter> counter = perf_counter(guest);
    if (!counter) return;
    VMFT_EXPECT(counter->enter(std::nullopt) == Counter::Came::exit && guest.answer());
    CounterThief thief;
    ::usleep(10'000);  // The thread is scheduled anew.
    try {
        while (counter->enter(std::nullopt) == Counter::Came::exit && guest.answer()) {
        }
        counter->ticks();
        VMFT_EXPECT(!"noticed");
    } catch (const AcceleratorFault& fault) {
        VMFT_EXPECT(fault.kind() == AcceleratorFault::Kind::counter_lost);
    }
}

}  // namespace
}  // namespace vmft::kvm::test
