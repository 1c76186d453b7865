#pragma once

#include <string>
#include <vector>

#include "accel/accelerator_fault.h"
#include "base/scoped_fd.h"
#include "base/types.h"

namespace vmft::kvm {

/// /dev/kvm, opened, with the capabilities that vmft needs checked.
class KvmHost {
public:
    /// Throws AcceleratorFault (unavailable): no /dev/kvm, no permission, another API version, a
    /// missing capability by its name; with what would work here.
    explicit KvmHost(const char* path = "/dev/kvm");

    int fd() const { return device_.get(); }
    /// KVM_CHECK_EXTENSION: 0 when it is not there.
    int extension(int capability) const;

private:
    ScopedFd device_;
};

}  // namespace vmft::kvm
