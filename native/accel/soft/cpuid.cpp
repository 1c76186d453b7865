#include <cstring>

#include "accel/soft/cpu.h"
#include "accel/soft/system.h"
#include "machine/layout.h"

/// The one CPU model, the same on every host: an Intel-style CPU of the x86-64-v2 level (SDM 2A,
/// CPUID).
namespace vmft::soft {

namespace {

constexpr u32 bit(unsigned n) { return u32{1} << n; }

constexpr u32 max_basic_leaf = 0x16, max_extended_leaf = 0x8000'0008,
              max_hypervisor_leaf = 0x4000'0000;

// Family 6, model 26, stepping 5: the first of the x86-64-v2 level, old enough that kernels expect
// no newer feature of it.
constexpr u32 signature = 0x000106a5;

constexpr u32 features_edx =
    bit(0) /*FPU*/ | bit(2) /*DE*/ | bit(3) /*PSE*/ | bit(4) /*TSC*/ | bit(5) /*MSR*/ |
    bit(6) /*PAE*/ | bit(8) /*CX8*/ | bit(9) /*APIC*/ | bit(11) /*SEP*/ | bit(12) /*MTRR*/ |
    bit(13) /*PGE*/ | bit(15) /*CMOV*/ | bit(16) /*PAT*/ | bit(19) /*CLFSH*/ | bit(23) /*MMX*/ |
    bit(24) /*FXSR*/ | bit(25) /*SSE*/ | bit(26) /*SSE2*/;
constexpr u32 features_ecx = bit(0) /*SSE3*/ | bit(9) /*SSSE3*/ | bit(13) /*CX16*/ |
                             bit(19) /*SSE4.1*/ | bit(20) /*SSE4.2*/ | bit(21) /*x2APIC*/ |
                             bit(23) /*POPCNT*/ | bit(24) /*TSC-deadline*/ | bit(31) /*hypervisor*/;
constexpr u32 leaf7_ebx = bit(7) /*SMEP*/ | bit(20) /*SMAP*/;
constexpr u32 leaf7_edx = bit(29) /*ARCH_CAPABILITIES*/;
constexpr u32 extended_edx =
    bit(11) /*SYSCALL*/ | bit(20) /*NX*/ | bit(27) /*RDTSCP*/ | bit(29) /*LM*/;
constexpr u32 extended_ecx = bit(0) /*LAHF64*/;

CpuidResult text(const char* sixteen) {
    CpuidResult result;
    std::memcpy(&result, sixteen, 16);
    return result;
}

}  // namespace

CpuidResult cpuid(const Cpu& cpu, u32 leaf, u32 subleaf) {
    (void)subleaf;
    (void)cpu;
    if (leaf >= 0x4000'0000 && leaf <= 0x4000'00ff) {
        if (leaf == 0x4000'0000)
            return {max_hypervisor_leaf, 0x746d'6676, 0x746d'6676, 0x746d'6676};  // "vmftvmftvmft"
        return {0, 0, 0, 0};
    }
    // Above the maximum, Intel CPUs answer with the highest basic leaf.
    if (leaf >= 0x8000'0000 ? leaf > max_extended_leaf : leaf > max_basic_leaf)
        leaf = max_basic_leaf;
    switch (leaf) {
    case 0: return {max_basic_leaf, 0x756e'6547, 0x6c65'746e, 0x4965'6e69};  // "GenuineIntel"
    case 1: return {signature, 8 << 8 /*CLFLUSH 64 bytes*/ | 1 << 16, features_ecx, features_edx};
    case 2: return {0x76'0363'01, 0x00f0'b5ff, 0, 0x00c3'0000};
    case 7: return subleaf == 0 ? CpuidResult{0, leaf7_ebx, 0, leaf7_edx} : CpuidResult{0, 0, 0, 0};
    // TSC = crystal × EBX/EAX, crystal in Hz: lets a kernel take the rate as known.
    case 0x15: return {1, 1, static_cast<u32>(layout::tsc_hz), 0};
    case 0x16: return {1000, 1000, 100, 0};
    case 0x8000'0000: return {max_extended_leaf, 0, 0, 0};
    case 0x8000'0001: return {0, 0, extended_ecx, extended_edx};
    case 0x8000'0002: return text("vmft software CP");
    case 0x8000'0003: return text("U, x86-64-v2\0\0\0");
    case 0x8000'0004: return {0, 0, 0, 0};
    case 0x8000'0006: return {0, 0, 0x0100'6040, 0};
    case 0x8000'0007: return {0, 0, 0, bit(8) /*invariant TSC*/};
    case 0x8000'0008: return {40 | 48 << 8, 0, 0, 0};
    default: return {0, 0, 0, 0};
    }
}

}  // namespace vmft::soft
