#include <chrono>

#include "accel/kvm/conformance/comparison.h"
#include "accel/kvm/conformance/kvm_follower.h"
#include "accel/kvm/conformance/kvm_here.h"
#include "test.h"

using namespace vmft;
using namespace vmft::test;
using namespace vmft::test::conformance;

VMFT_TEST(kvm_and_the_software_cpu_are_the_same_at_every_place) {
    const KvmHere& here = kvm_here();
    if (!here.why_not.empty()) VMFT_SKIP(here.why_not);
    if (!here.why_lacks.empty()) std::cout << here.why_lacks << std::endl;
    const char* only = std::getenv("GUEST");
    FollowerFactory kvm = [&](const Guest& guest, u64 seed) {
        kvm::CounterOptions counter;
        counter.kind = kvm::CounterOptions::Kind::step;
        if (const char* n = std::getenv("COUNTER"); n && *n == 'p') counter.kind = kvm::CounterOptions::Kind::perf;
        return std::make_unique<KvmFollower>(guest, seed, here.options(counter), KvmSteps{counter.kind == kvm::CounterOptions::Kind::step, here.faithful_steps && counter.kind == kvm::CounterOptions::Kind::step, here.faithful_steps});
    };
    Report sum;
    std::vector<Guest> all = guests();
    add_random_guests(all, 1, 10);
    for (const Guest& guest : all) {
        if (!here.runs(guest)) continue;
        if (only && guest.name != only) continue;
        auto start = std::chrono::steady_clock::now();
        Report report;
        try { report = compare(guest, kvm, {.rf_may_lack = here.emulated_processor}); } catch (const std::exception& e) { std::cout << e.what() << std::endl; }
        double s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        VMFT_EXPECT(report.fine());
        if (!report.difference.empty()) std::cout << report.difference;
        std::cout << guest.name << ": " << report.places << " places, " << report.passed_by << " passed by, "
                  << report.interrupts << " interrupts, " << report.accesses << " accesses, "
                  << s * 1e6 / static_cast<double>(report.places + 1) << " us each" << std::endl;
        sum += report;
    }
    std::cout << sum.places << " places in all" << std::endl;
}
