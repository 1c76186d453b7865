#include "accel/kvm/probe/counter_measure.h"

#include <iostream>

#include "accel/kvm/counter/branch_event.h"
#include "accel/kvm/counter/counter_guest.h"
#include "accel/kvm/cpu_model.h"
#include "test.h"

namespace vmft::kvm::test {
namespace {

void expect_exact(KvmHost& host, const CounterOptions& options) {
    CounterMeasure measure = measure_counter(host, reduced_cpu_model(host), options);
    if (!measure.exact) std::cout << measure.event << ": " << measure.found << "\n";
    VMFT_EXPECT(measure.exact);
    VMFT_EXPECT(measure.forced_entries > 0);
    VMFT_EXPECT(measure.skid_max <= measure.skid_allowed);
    VMFT_EXPECT(measure.step_ns > 0 && measure.breakpoint_ns > 0 && measure.overflow_ns > 0);
    std::cout << measure.event << ": " << measure.found << "; late by " << measure.skid_min << "/"
              << measure.skid_median << "/" << measure.skid_max << " of " << measure.skid_allowed
              << "; ns: read " << measure.read_ns << " arm " << measure.arm_ns << " overflow "
              << measure.overflow_ns << " breakpoint " << measure.breakpoint_ns << " step "
              << measure.step_ns << "\n";
}

VMFT_TEST(perf_counter_is_measured) {
    KvmHost* host = kvm_host();
    if (!host) return;
    try {
        expect_exact(*host, {});
    } catch (const AcceleratorFault& fault) {
        if (fault.kind() != AcceleratorFault::Kind::unavailable) throw;
        std::cout << "skipped: " << fault.what() << "\n";
    }
}

VMFT_TEST(processors_are_told_apart) {
    VMFT_EXPECT_EQUAL(branch_event_of("GenuineIntel", 0x906ea).config, u64{0x5101c4});
    VMFT_EXPECT_EQUAL(branch_event_of("GenuineIntel", 0x606a6).config, u64{0x5111c4});
    VMFT_EXPECT_EQUAL(branch_event_of("GenuineIntel", 0x806f8).skid, u64{125});
    VMFT_EXPECT_EQUAL(branch_event_of("GenuineIntel", 0xb06e0).config, u64{0x517ec4});
    VMFT_EXPECT_EQUAL(branch_event_of("GenuineIntel", 0xb06d1).config, u64{0x100005111c4});
    VMFT_EXPECT_EQUAL(branch_event_of("GenuineIntel", 0x106a5).period_min, u64{32});
    VMFT_EXPECT_EQUAL(branch_event_of("AuthenticAMD", 0x800f12).config, u64{0x5100d1});
    VMFT_EXPECT_EQUAL(branch_event_of("AuthenticAMD", 0xb40f40).skid, u64{10000});
    VMFT_EXPECT_EQUAL(*branch_event_of("AuthenticAMD", 0x600f20).microarchitecture, '\0');
    VMFT_EXPECT_EQUAL(*branch_event_of("GenuineIntel", 0xf43).microarchitecture, '\0');
}

}  // namespace
}  // namespace vmft::kvm::test
