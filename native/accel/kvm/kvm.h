#pragma once

#include <memory>
#include <vector>

#include "accel/accel.h"
#include "accel/kvm/counter/counter.h"

namespace vmft::kvm {

struct KvmOptions {
    /// What the guest sees: cpu_model() of the host it was started on.
    std::vector<CpuidLeaf> cpuid;
    CounterOptions counter;
};

/// Real vCPUs on /dev/kvm, stopped at exact positions: the accelerator of `--accel kvm`. Throws
/// AcceleratorFault where this host cannot.
std::unique_ptr<Accelerator> make_kvm_accelerator(GuestMemory& memory, Platform& platform,
                                                  const KvmOptions& options);

}  // namespace vmft::kvm
