#include "accel/kvm/kvm.h"

#include "accel/kvm/kvm_cpu.h"
#include "accel/kvm/probe/preflight.h"

namespace vmft::kvm {

namespace {

/// A KVM that is no faithful machine still runs guests that stay in kernel mode, stepped or not
/// counted at all; nobody counts on its performance counter.
void refuse_unfaithful(const CounterOptions& counter) {
    KvmHost host;
    const Preflight& found = preflight(host);
    std::string why =
        counter.kind == CounterOptions::Kind::perf ? found.why_not_replay() : found.why_not_cpl0();
    if (!why.empty())
        throw AcceleratorFault(AcceleratorFault::Kind::unavailable,
                               "this host's KVM is no faithful machine: " + why,
                               "use --accel soft");
}

}  // namespace

std::unique_ptr<Accelerator> make_kvm_accelerator(GuestMemory& memory, Platform& platform,
                                                  const KvmOptions& options) {
    refuse_unfaithful(options.counter);
    return std::make_unique<KvmCpu>(memory, platform, options);
}

}  // namespace vmft::kvm
