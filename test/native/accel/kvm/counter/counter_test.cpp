#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "accel/kvm/counter/counter_guest.h"
#include "accel/kvm/counter/random_stops.h"
#include "accel/kvm/counter/stepping_guests.h"
#include "test.h"

/// Counts and stops of all three counters. The performance counter is tested where there is one
/// (the lab, test/lab; VMFT_PERF_SKID says how late it is there).
namespace vmft::kvm::test {
namespace {

using Kind = CounterOptions::Kind;

/// Fewer where a step is dear: VMFT_COUNTER_STOPS.
unsigned stops() {
    const char* text = std::getenv("VMFT_COUNTER_STOPS");
    return text ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : 1000;
}

/// Why the performance counter cannot be tested here; empty: it can.
std::string why_no_perf(KvmHost& host) {
    try {
        CounterGuest guest(host, stepping_guests()[0].code);
        make_counter({}, guest.vcpu(), guest.memory());
        return {};
    } catch (const AcceleratorFault& fault) {
        return fault.what();
    }
}

KvmHost* host_with_perf() {
    KvmHost* host = kvm_host();
    if (!host) return nullptr;
    std::string why = why_no_perf(*host);
    if (why.empty()) return host;
    std::cout << "skipped: " << why << "\n";
    return nullptr;
}

/// Stops of a recording, found again with each of `replaying`.
void expect_stops(KvmHost& host, const CounterOptions& recording,
                  std::initializer_list<CounterOptions> replaying, u64 seed) {
    StopsOutcome recorded = record_stops(host, recording, stops(), seed);
    if (!recorded.failure.empty()) std::cout << "recording: " << recorded.failure << "\n";
    VMFT_REQUIRE(recorded.failure.empty());
    for (const CounterOptions& options : replaying) {
        StopsOutcome replayed = replay_stops(host, options, recorded.places);
        if (!replayed.failure.empty()) std::cout << "replaying: " << replayed.failure << "\n";
        VMFT_EXPECT(replayed.failure.empty());
        VMFT_EXPECT_EQUAL(replayed.places.size(), recorded.places.size());
        VMFT_EXPECT(replayed.skid_seen_max <= options.skid ||
                    options.kind == CounterOptions::Kind::perf);
    }
}

/// Something else that runs on this CPU and interrupts the guest, also by using the PMU.
class Competitor {
public:
    Competitor() : process_(::fork()) {
        if (process_ != 0) return;
        ::alarm(600);
        for (;;) ::sched_yield();
    }
    ~Competitor() {
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
    }

private:
    pid_t process_;
};

void expect_exact_counts(KvmHost& host, unsigned repetitions) {
    for (const SteppingGuest& guest : stepping_guests()) {
        for (unsigned i = 0; i < repetitions; i++) {
            CounterGuest counted(host, guest.code);
            std::unique_ptr<Counter> counter =
                make_counter({.kind = Kind::perf}, counted.vcpu(), counted.memory());
            do {
                VMFT_REQUIRE(counter->enter(std::nullopt) == Counter::Came::exit);
            } while (counted.answer());
            if (counted.end != CounterGuest::End::port) break;  // Not executed by this KVM.
            if (counter->ticks() != guest.branches) std::cout << guest.name << ": ";
            VMFT_EXPECT_EQUAL(counter->ticks(), guest.branches);
        }
    }
}

VMFT_TEST(step_counter_stops_at_recorded_places) {
    KvmHost* host = kvm_host();
    if (!host) return;
    expect_stops(*host, {.kind = Kind::simulated, .skid = 8, .random_seed = 3},
                 {{.kind = Kind::step}}, 11);
}

VMFT_TEST(simulated_counter_stops_at_recorded_places) {
    KvmHost* host = kvm_host();
    if (!host) return;
    expect_stops(*host, {.kind = Kind::simulated, .skid = 8, .random_seed = 4},
                 {{.kind = Kind::simulated, .skid = 50, .random_seed = 5}}, 12);
}

VMFT_TEST(simulated_overflows_are_late_by_all_of_the_skid) {
    KvmHost* host = kvm_host();
    if (!host) return;
    constexpr u64 skid = 9;
    StopsOutcome recorded =
        record_stops(*host, {.kind = Kind::simulated, .skid = skid, .random_seed = 6}, 150, 13);
    VMFT_EXPECT(recorded.failure.empty());
    VMFT_EXPECT_EQUAL(recorded.skid_seen_max, skid);
}

VMFT_TEST(perf_counter_counts_exactly) {
    KvmHost* host = host_with_perf();
    if (!host) return;
    expect_exact_counts(*host, 5);
    Competitor competitor;
    expect_exact_counts(*host, 5);
}

VMFT_TEST(perf_counter_stops_at_recorded_places) {
    KvmHost* host = host_with_perf();
    if (!host) return;
    expect_stops(*host, {.kind = Kind::perf}, {{.kind = Kind::perf}, {.kind = Kind::step}}, 14);
}

VMFT_TEST(perf_counter_stops_exactly_beside_another_process) {
    KvmHost* host = host_with_perf();
    if (!host) return;
    Competitor competitor;
    expect_stops(*host, {.kind = Kind::perf}, {{.kind = Kind::perf}}, 15);
}

}  // namespace
}  // namespace vmft::kvm::test
