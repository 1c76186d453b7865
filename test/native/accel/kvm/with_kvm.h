#pragma once

#include <optional>
#include <string>

#include "accel/kvm/kvm_host.h"
#include "test.h"

namespace vmft::test {

/// The host's KVM, or none and why.
inline std::optional<kvm::KvmHost> open_kvm(std::string& why_not) {
    try {
        return std::optional<kvm::KvmHost>(std::in_place);
    } catch (const AcceleratorFault& fault) {
        why_not = fault.what();
        return std::nullopt;
    }
}

}  // namespace vmft::test

/// Declares `host`, or skips the test.
#define VMFT_NEED_KVM(host)                                                                        \
    std::string host##_missing;                                                                    \
    std::optional<::vmft::kvm::KvmHost> host##_found = ::vmft::test::open_kvm(host##_missing);     \
    if (!host##_found) VMFT_SKIP(host##_missing);                                                  \
    ::vmft::kvm::KvmHost& host = *host##_found
