#include "accel/kvm/kvm.h"

#include "accel/kvm/kvm_cpu.h"

namespace vmft::kvm {

std::unique_ptr<Accelerator> make_kvm_accelerator(GuestMemory& memory, Platform& platform,
                                                  const KvmOptions& options) {
    return std::make_unique<KvmCpu>(memory, platform, options);
}

}  // namespace vmft::kvm
