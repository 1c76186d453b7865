#include "accel/kvm/conformance/kvm_here.h"

#include "accel/kvm/cpu_model.h"
#include "accel/kvm/preflight.h"

namespace vmft::test::conformance {
namespace {

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
        here.faithful_steps = preflight.trusted_for_replay();
        if (!preflight.trusted_for_replay()) {
            // Guests that use more are for a KVM that is a faithful machine.
            here.lacks = Guest::user_mode | Guest::software_interrupts | Guest::wide_exchange |
                         Guest::rare_instructions | Guest::exact_returns;
            here.why_lacks = preflight.why_not_replay();
        }
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
