#pragma once

#include <string>
#include <vector>

#include "accel/kvm/conformance/guest.h"
#include "accel/kvm/kvm.h"

namespace vmft::test::conformance {

/// The KVM of this host, as far as tests may use it.
struct KvmHere {
    std::string why_not;         ///< Empty: it can run guests that stay at CPL0.
    std::string why_no_counter;  ///< Empty: it has a performance counter.
    std::vector<kvm::CpuidLeaf> cpuid;
    u8 lacks = 0;                     ///< Guest::Needs that it is not to be trusted with.
    std::string why_lacks;            ///< By name; empty: none.
    bool emulated_processor = false;  ///< QEMU's TCG.
    bool faithful_steps = false;      ///< A step is one instruction, one iteration of a REP.

    bool runs(const Guest& guest) const { return (guest.needs & lacks) == 0; }
    kvm::KvmOptions options(kvm::CounterOptions counter) const { return {cpuid, counter}; }
};

const KvmHere& kvm_here();

}  // namespace vmft::test::conformance
