#include "accel/kvm/probe/preflight.h"

#include <cstdlib>
#include <cstring>

#include "accel/kvm/with_kvm.h"

namespace vmft::kvm {

VMFT_TEST(the_preflight_names_what_is_wrong) {
    VMFT_NEED_KVM(host);
    const Preflight& found = preflight(host);
    bool print = std::getenv("VMFT_PRINT") != nullptr;
    for (const Preflight::Finding& finding : found.findings) {
        static const char* const words[] = {"works", "does not", "wrong"};
        if (print)
            std::cout << finding.name << ": " << words[static_cast<int>(finding.verdict)] << " "
                      << finding.detail << std::endl;
        // What does not work says how it shows, in one line.
        VMFT_EXPECT_EQUAL(finding.detail.empty(), finding.verdict == Preflight::Verdict::works);
        VMFT_EXPECT(finding.detail.find('\n') == std::string::npos);
    }
    VMFT_EXPECT(found.findings.size() >= 15);
    VMFT_EXPECT_EQUAL(found.trusted_for_cpl0(), found.why_not_cpl0().empty());
    VMFT_EXPECT_EQUAL(found.trusted_for_replay(), found.why_not_replay().empty());
    VMFT_EXPECT(found.trusted_for_cpl0() || !found.trusted_for_replay());
    VMFT_EXPECT(&preflight(host) == &found);
}

/// The kernel's own KVM on a processor with SVM or VMX passes in full.
VMFT_TEST(a_kvm_on_real_virtualization_is_trusted) {
    VMFT_NEED_KVM(host);
    if (!std::getenv("VMFT_FAITHFUL_KVM")) VMFT_SKIP("VMFT_FAITHFUL_KVM does not say that it is");
    VMFT_EXPECT_EQUAL(preflight(host).why_not_replay(), std::string());
}

}  // namespace vmft::kvm
