#include "accel/kvm/cpu_model.h"

#include "accel/kvm/cpu_features.h"
#include "accel/kvm/with_kvm.h"

namespace vmft::kvm {

namespace {

bool gives_the_model(KvmHost& host, std::string& why_not) {
    try {
        cpu_model(host);
        return true;
    } catch (const AcceleratorFault& fault) {
        why_not = fault.what();
        return false;
    }
}

}  // namespace

VMFT_TEST(the_guests_cpu_hides_what_is_not_deterministic) {
    VMFT_NEED_KVM(host);
    std::vector<CpuidLeaf> model = reduced_cpu_model(host);
    CpuidLeaf features = find_leaf(model, 1), more = find_leaf(model, 7),
              extended = find_leaf(model, 0x8000'0001);
    VMFT_EXPECT_EQUAL(features.edx >> 4 & 1, 0u);   // TSC
    VMFT_EXPECT_EQUAL(features.ecx >> 3 & 1, 0u);   // MONITOR
    VMFT_EXPECT_EQUAL(features.ecx >> 24 & 1, 0u);  // TSC-deadline
    VMFT_EXPECT_EQUAL(features.ecx >> 26 & 3, 0u);  // XSAVE, OSXSAVE
    VMFT_EXPECT_EQUAL(features.ecx >> 30 & 1, 0u);  // RDRAND
    VMFT_EXPECT_EQUAL(features.ecx >> 21 & 1, 1u);  // x2APIC
    VMFT_EXPECT_EQUAL(more.ebx & ~(1u << 7 | 1u << 20), 0u);
    VMFT_EXPECT_EQUAL(extended.edx >> 27 & 1, 0u);  // RDTSCP
    VMFT_EXPECT_EQUAL(find_leaf(model, 0x4000'0000).ebx, 0x746d'6676u);
    VMFT_EXPECT_EQUAL(find_leaf(model, 0).eax, 7u);
    VMFT_EXPECT_EQUAL(find_leaf(model, 0x8000'0008).eax >> 8, 48u);
}

VMFT_TEST(a_guest_of_this_host_can_run_here) {
    VMFT_NEED_KVM(host);
    std::string why_not;
    if (!gives_the_model(host, why_not)) VMFT_SKIP(why_not);
    VMFT_EXPECT_EQUAL(why_not_here(host, cpu_model(host)), std::string());
}

VMFT_TEST(a_guest_of_another_cpu_is_refused_by_name) {
    VMFT_NEED_KVM(host);
    std::vector<CpuidLeaf> model = reduced_cpu_model(host);
    std::vector<CpuidLeaf> other = model;
    for (CpuidLeaf& leaf : other)
        if (leaf.function == 1) leaf.eax ^= 0x10;
    VMFT_EXPECT(why_not_here(host, other).find(" model ") != std::string::npos);
    other = model;
    for (CpuidLeaf& leaf : other)
        if (leaf.function == 7 && leaf.index == 0) leaf.ebx |= 1u << 14;  // MPX: in no new CPU
    VMFT_EXPECT_EQUAL(why_not_here(host, other),
                      std::string("the guest's CPU has CPUID 0x7 ebx bit "
                                  "14, which this host's KVM does not "
                                  "give"));
    other = model;
    for (CpuidLeaf& leaf : other)
        if (leaf.function == 0x8000'0008) leaf.eax |= 0x3f;
    VMFT_EXPECT(why_not_here(host, other).find("physical address") != std::string::npos);
}

}  // namespace vmft::kvm
