#include <cstdlib>

#include "accel/kvm/conformance/comparison.h"
#include "accel/kvm/conformance/kvm_follower.h"
#include "accel/kvm/conformance/kvm_here.h"
#include "test.h"

using namespace vmft;
using namespace vmft::test;
using namespace vmft::test::conformance;

/// KVM against the software CPU, place by place, with each counter that this host has. More with
/// VMFT_CONFORMANCE_SEEDS=N (1): so many seeds, each with other values from devices, other random
/// interrupts and other random programs.
namespace {

using Kind = kvm::CounterOptions::Kind;

constexpr u64 random_programs = 4, places_wanted = 10'000;

u64 seeds() {
    const char* text = std::getenv("VMFT_CONFORMANCE_SEEDS");
    return text ? std::max(1ul, std::strtoul(text, nullptr, 10)) : 1;
}

void expect_conformance(const KvmHere& here, Kind kind) {
    bool by_counter = kind != Kind::perf;
    KvmSteps steps{by_counter, by_counter && here.faithful_steps, here.faithful_steps};
    FollowerFactory kvm = [&](const Guest& guest, u64 seed) {
        return std::make_unique<KvmFollower>(guest, seed, here.options({.kind = kind}), steps);
    };
    Report all;
    u64 left_out = 0;
    for (u64 seed = 1; seed <= seeds(); seed++) {
        std::vector<Guest> every = guests();
        add_random_guests(every, 1 + (seed - 1) * random_programs, random_programs);
        for (const Guest& guest : every) {
            if (!here.runs(guest)) {
                left_out++;
                continue;
            }
            Report report =
                compare(guest, kvm, {.seed = seed, .rf_may_lack = here.emulated_processor});
            std::cout << "  " << guest.name << ": " << report.places << " places compared, "
                      << report.passed_by << " passed by, " << report.interrupts << " interrupts, "
                      << report.accesses << " accesses" << std::endl;
            VMFT_EXPECT_EQUAL(report.difference, std::string());
            VMFT_EXPECT(report.completed);
            all += report;
        }
    }
    std::cout << all.places << " places equal in all; " << all.frames_without_rf
              << " looks at stacks whose frames lack RF; " << left_out
              << " guests left out: " << here.why_lacks << std::endl;
    VMFT_EXPECT(all.places >= places_wanted);
}

}  // namespace

VMFT_TEST(kvm_equals_the_software_cpu_by_steps) {
    const KvmHere& here = kvm_here();
    if (!here.why_not.empty()) VMFT_SKIP(here.why_not);
    expect_conformance(here, Kind::step);
}

VMFT_TEST(kvm_equals_the_software_cpu_by_the_performance_counter) {
    const KvmHere& here = kvm_here();
    if (!here.why_not.empty()) VMFT_SKIP(here.why_not);
    if (!here.why_no_counter.empty()) VMFT_SKIP(here.why_no_counter);
    expect_conformance(here, Kind::perf);
}
