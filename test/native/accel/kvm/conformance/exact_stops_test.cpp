#include "accel/kvm/conformance/exact_stops.h"
#include "accel/kvm/conformance/kvm_here.h"
#include "test.h"

using namespace vmft;
using namespace vmft::test;
using namespace vmft::test::conformance;

/// Recorded once, stopped in again at random places by counters that overflow late.
namespace {

using Kind = kvm::CounterOptions::Kind;

constexpr u64 stops_one_in = 9;

/// Guests on the KVM of this host, without those whose processor may do otherwise each time.
std::vector<Guest> guests_here(const KvmHere& here, bool free_running) {
    std::vector<Guest> all = guests();
    std::erase_if(all, [&](const Guest& guest) {
        // Whether MOV to CR8 makes an exit of its own depends on how far stepping has come.
        bool exits_vary = !here.faithful_steps && guest.name == "priority";
        // QEMU's TCG executes stale code right behind a write to it that had its page mapped.
        bool stale_code = free_running && here.emulated_processor && guest.name == "self-modifying";
        return !here.runs(guest) || exits_vary || stale_code;
    });
    return all;
}

/// Recorded with `steps`; then stopped in again with each of the counters.
u64 expect_exact_stops(const KvmHere& here, const KvmSteps& steps, bool free_running,
                       std::initializer_list<kvm::CounterOptions> counters) {
    ComparisonOptions comparison;
    comparison.rf_may_lack = here.emulated_processor;
    u64 exact = 0, inputs = 0, ambiguous = 0;
    for (const Guest& guest : guests_here(here, free_running)) {
        RecordedStops recorded =
            record_stops(guest, here.options({.kind = Kind::step}), steps, comparison);
        VMFT_EXPECT_EQUAL(recorded.report.difference, std::string());
        for (const Stop& stop : recorded.stops) inputs += stop.raised.size();
        ambiguous += recorded.ambiguous;
        u64 seed = 1;
        for (const kvm::CounterOptions& counter : counters) {
            RepeatedStops repeated = repeat_stops(guest, here.options(counter), comparison.seed,
                                                  recorded.stops, seed++, stops_one_in);
            VMFT_EXPECT_EQUAL(repeated.difference, std::string());
            exact += repeated.exact;
        }
    }
    std::cout << exact << " exact stops; " << inputs << " interrupts from outside recorded; "
              << ambiguous << " places with another's position left out" << std::endl;
    VMFT_EXPECT(inputs > 10);
    return exact;
}

}  // namespace

VMFT_TEST(stops_by_the_simulated_counter_are_exact) {
    const KvmHere& here = kvm_here();
    if (!here.why_not.empty()) VMFT_SKIP(here.why_not);
    u64 exact = expect_exact_stops(
        here, {true, here.faithful_steps, here.faithful_steps}, false,
        {{Kind::simulated, 0, 1}, {Kind::simulated, 5, 2}, {Kind::simulated, 40, 3}, {Kind::step}});
    VMFT_EXPECT(exact >= 1'000);
}

VMFT_TEST(stops_by_the_performance_counter_are_exact) {
    const KvmHere& here = kvm_here();
    if (!here.why_not.empty()) VMFT_SKIP(here.why_not);
    if (!here.why_no_counter.empty()) VMFT_SKIP(here.why_no_counter);
    // Recorded by steps, at the places where a breakpoint can stop.
    u64 exact = expect_exact_stops(here, {false, false, here.faithful_steps}, true,
                                   {{Kind::perf}, {Kind::perf}, {Kind::perf}, {Kind::perf}});
    VMFT_EXPECT(exact >= 1'000);
}
