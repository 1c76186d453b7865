#pragma once

#include <string>

#include "base/types.h"

namespace vmft::kvm {

/// How a microarchitecture counts retired conditional branches.
struct BranchEvent {
    u64 config = 0;      ///< perf_event_attr.config of a raw event.
    u32 type = 4;        ///< perf_event_attr.type: PERF_TYPE_RAW, or a hybrid CPU's own number.
    u64 skid = 0;        ///< An overflow comes so many branches late at most.
    u64 period_min = 2;  ///< The kernel waits for no fewer.
    const char* microarchitecture = "";
};

/// The event of the CPU with these values of CPUID (leaf 0 EBX, EDX, ECX; leaf 1 EAX), design 3.
/// An empty microarchitecture: none is known.
BranchEvent branch_event_of(const std::string& vendor, u32 signature);

/// This host's. Throws AcceleratorFault (unavailable), naming the CPU, where none is known.
BranchEvent host_branch_event();

}  // namespace vmft::kvm
