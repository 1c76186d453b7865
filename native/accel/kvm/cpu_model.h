#pragma once

#include <span>
#include <string>
#include <vector>

#include "accel/kvm/vcpu/vcpu.h"

namespace vmft::kvm {

/// The CPU that a guest gets on this host: a fixed baseline (x86-64-v2 without TSC, RDTSCP, RDRAND,
/// RDSEED, XSAVE, MONITOR and PMU; docs/determinism.md), of this host's maker, family and model, so
/// that two hosts of one kind give the same whatever their microcode adds. Throws
/// AcceleratorFault (unavailable) naming a feature of the baseline that KVM does not give here.
std::vector<CpuidLeaf> cpu_model(KvmHost& host);

/// The same without what KVM does not give here: for the probe, and tests of a KVM that is no
/// faithful machine.
std::vector<CpuidLeaf> reduced_cpu_model(KvmHost& host);

/// Why this host cannot run a guest with that CPU: one line naming both CPUs, or the first feature
/// that is missing here. Empty: it can.
std::string why_not_here(KvmHost& host, std::span<const CpuidLeaf> guest);

}  // namespace vmft::kvm
