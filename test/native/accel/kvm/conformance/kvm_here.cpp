#include "accel/kvm/conformance/kvm_here.h"

#include <cpuid.h>

#include "accel/kvm/conformance/kvm_follower.h"
#include "accel/kvm/cpu_model.h"
#include "accel/kvm/probe/preflight.h"

namespace vmft::test::conformance {
namespace {

/// Whether the host is itself a machine of QEMU's TCG, as in the lab.
bool on_emulated_processor() {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    __cpuid(0x4000'0000, eax, ebx, ecx, edx);
    return ebx == 0x5447'4354 && ecx == 0x4354'4743 && edx == 0x4743'5447;  // "TCGTCGTCGTCG"
}

std::string why_no_counter(const KvmHere& here) {
    try {
        Guest guest;
        KvmFollower(guest, 1, here.options({}), {});
        return {};
    } catch (const AcceleratorFault& fault) {
        return fault.what();
    }
}

KvmHere look() {
    KvmHere here;
    try {
        kvm::KvmHost host;
        const kvm::Preflight& preflight = kvm::preflight(host);
        if (!preflight.trusted_for_cpl0()) {
            here.why_not = preflight.why_not_cpl0();
            return here;
        }
        here.cpuid = kvm::reduced_cpu_model(host);
        static constexpr struct {
            const char* finding;
            u8 needs;
        } uses[] = {
            {"hardware breakpoint", Guest::exact_returns},
            {"INT3", Guest::software_interrupts | Guest::exact_returns},
            {"INT at CPL3", Guest::user_mode},
            {"CPUID at CPL3", Guest::user_mode},
            {"RDTSC at CPL3 with CR4.TSD", Guest::user_mode},
            {"CMPXCHG16B", Guest::wide_exchange},
            {"SSE", Guest::rare_instructions | Guest::silicon},
        };
        for (const kvm::Preflight::Finding& finding : preflight.findings) {
            if (finding.verdict == kvm::Preflight::Verdict::works) continue;
            for (const auto& use : uses)
                if (std::string_view(finding.name) == use.finding) here.lacks |= use.needs;
        }
        here.faithful_steps = !(here.lacks & Guest::exact_returns);
        if (here.lacks) here.why_lacks = preflight.why_not_replay();
        here.why_no_counter = why_no_counter(here);
        here.emulated_processor = on_emulated_processor();
        if (here.emulated_processor) here.lacks |= Guest::silicon;
    } catch (const AcceleratorFault& fault) {
        here.why_not = fault.what();
    }
    return here;
}

}  // namespace

const KvmHere& kvm_here() {
    static const KvmHere here = look();
    return here;
}

}  // namespace vmft::test::conformance
