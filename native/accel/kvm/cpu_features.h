#pragma once

#include <iterator>

#include "accel/kvm/vcpu/vcpu.h"

/// The features of CPUID that a guest on KVM gets (SDM 2A, CPUID; AMD APM 3 appendix E): those of
/// x86-64-v2, without what would let it see the host's time or state (TSC, RDTSCP, RDRAND, RDSEED,
/// XSAVE, MONITOR, PMU).
namespace vmft::kvm {

enum class CpuidRegister : u8 { eax, ebx, ecx, edx };

inline u32& register_of(CpuidLeaf& leaf, CpuidRegister which) {
    u32* const by_number[] = {&leaf.eax, &leaf.ebx, &leaf.ecx, &leaf.edx};
    return *by_number[static_cast<unsigned>(which)];
}
inline u32 register_of(const CpuidLeaf& leaf, CpuidRegister which) {
    return register_of(const_cast<CpuidLeaf&>(leaf), which);
}

enum class Presence : u8 {
    required,   ///< Without it there is no guest.
    where_any,  ///< The guest gets it where the host has it.
    ours,       ///< vmft brings it, whatever KVM says.
};

struct CpuFeature {
    u32 leaf;
    CpuidRegister where;
    u8 bit;
    const char* name;
    Presence presence = Presence::required;
};

inline constexpr u32 leaf_features = 1, leaf_more_features = 7, leaf_extended = 0x8000'0001;

inline constexpr CpuFeature cpu_features[] = {
    {leaf_features, CpuidRegister::edx, 0, "FPU"},
    {leaf_features, CpuidRegister::edx, 2, "DE"},
    {leaf_features, CpuidRegister::edx, 3, "PSE"},
    {leaf_features, CpuidRegister::edx, 5, "MSR"},
    {leaf_features, CpuidRegister::edx, 6, "PAE"},
    {leaf_features, CpuidRegister::edx, 8, "CMPXCHG8B"},
    {leaf_features, CpuidRegister::edx, 9, "APIC", Presence::ours},
    {leaf_features, CpuidRegister::edx, 11, "SEP"},
    {leaf_features, CpuidRegister::edx, 12, "MTRR", Presence::ours},
    {leaf_features, CpuidRegister::edx, 13, "PGE"},
    {leaf_features, CpuidRegister::edx, 15, "CMOV"},
    {leaf_features, CpuidRegister::edx, 16, "PAT"},
    {leaf_features, CpuidRegister::edx, 19, "CLFLUSH"},
    {leaf_features, CpuidRegister::edx, 23, "MMX"},
    {leaf_features, CpuidRegister::edx, 24, "FXSR"},
    {leaf_features, CpuidRegister::edx, 25, "SSE"},
    {leaf_features, CpuidRegister::edx, 26, "SSE2"},
    {leaf_features, CpuidRegister::ecx, 0, "SSE3"},
    {leaf_features, CpuidRegister::ecx, 9, "SSSE3"},
    {leaf_features, CpuidRegister::ecx, 13, "CMPXCHG16B"},
    {leaf_features, CpuidRegister::ecx, 19, "SSE4.1"},
    {leaf_features, CpuidRegister::ecx, 20, "SSE4.2"},
    {leaf_features, CpuidRegister::ecx, 21, "x2APIC", Presence::ours},
    {leaf_features, CpuidRegister::ecx, 23, "POPCNT"},
    {leaf_features, CpuidRegister::ecx, 31, "hypervisor", Presence::ours},
    {leaf_more_features, CpuidRegister::ebx, 7, "SMEP", Presence::where_any},
    {leaf_more_features, CpuidRegister::ebx, 20, "SMAP", Presence::where_any},
    {leaf_extended, CpuidRegister::ecx, 0, "LAHF in 64-bit mode"},
    {leaf_extended, CpuidRegister::edx, 11, "SYSCALL"},
    {leaf_extended, CpuidRegister::edx, 20, "NX"},
    {leaf_extended, CpuidRegister::edx, 29, "64-bit mode"},
};

/// Its name, or where it is: "CPUID 0x7 ebx bit 9".
std::string feature_name(u32 leaf, CpuidRegister where, unsigned bit);

/// KVM_GET_SUPPORTED_CPUID. Throws AcceleratorFault (host).
std::vector<CpuidLeaf> supported_cpuid(KvmHost& host);

/// All zero where there is no such leaf.
CpuidLeaf find_leaf(std::span<const CpuidLeaf> leaves, u32 function, u32 index = 0);

}  // namespace vmft::kvm
