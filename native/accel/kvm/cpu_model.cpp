#include "accel/kvm/cpu_model.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "accel/kvm/cpu_features.h"

namespace vmft::kvm {

namespace {

// Leaf 0xB (topology), 0xD (XSAVE) and above are out of it.
constexpr u32 max_basic_leaf = 7, max_hypervisor_leaf = 0x4000'0000,
              max_extended_leaf = 0x8000'0008;

// The stepping differs between two hosts of one kind, and what hangs on it is workarounds that a
// kernel leaves to the hypervisor.
constexpr u32 signature_mask = 0x0fff'3ff0;

constexpr u32 physical_address_bits_max = 40, linear_address_bits = 48;

// What AMD repeats of leaf 1 in leaf 0x8000'0001: FPU … CMPXCHG8B, APIC, MTRR … PAT, MMX, FXSR.
constexpr u32 repeated_features = 0x0181'f3ff;

bool is_amd(const CpuidLeaf& maker) {
    return maker.ebx == 0x6874'7541 /*"Auth"*/ || maker.ebx == 0x6f67'7948 /*"Hygo"*/;
}

CpuidLeaf text(u32 function, const char* sixteen) {
    CpuidLeaf leaf{function, 0, false, 0, 0, 0, 0};
    u32 words[4];
    std::memcpy(words, sixteen, sizeof words);
    leaf.eax = words[0], leaf.ebx = words[1], leaf.ecx = words[2], leaf.edx = words[3];
    return leaf;
}

/// One core with 32 KiB + 32 KiB of L1, 256 KiB of L2 and 8 MiB of L3: kernels choose copy loops
/// by it, so it is the same everywhere.
void add_caches(std::vector<CpuidLeaf>& leaves, bool amd) {
    if (amd) {
        leaves.push_back(
            {0x8000'0005, 0, false, 0xff48'ff40, 0xff48'ff40, 0x2008'0140, 0x2008'0140});
        leaves.push_back({0x8000'0006, 0, false, 0, 0x4200'4200, 0x0100'6140, 0x0040'8140});
        return;
    }
    leaves.push_back({2, 0, false, 0x76'0363'01, 0x00f0'b5ff, 0, 0x00c3'0000});
    // Type and level; line size, and ways above bit 22; sets, less one.
    leaves.push_back({4, 0, true, 0x121, 63 | 7 << 22, 63, 0});
    leaves.push_back({4, 1, true, 0x122, 63 | 7 << 22, 63, 0});
    leaves.push_back({4, 2, true, 0x143, 63 | 7 << 22, 511, 0});
    leaves.push_back({4, 3, true, 0x163, 63 | 15 << 22, 8191, 0});
    leaves.push_back({4, 4, true, 0, 0, 0, 0});
    leaves.push_back({0x8000'0006, 0, false, 0, 0, 0x0100'6040, 0});
}

bool has(std::span<const CpuidLeaf> leaves, const CpuFeature& feature) {
    return register_of(find_leaf(leaves, feature.leaf), feature.where) >> feature.bit & 1;
}

std::vector<CpuidLeaf> build(std::span<const CpuidLeaf> host) {
    CpuidLeaf maker = find_leaf(host, 0);
    bool amd = is_amd(maker);
    maker.eax = max_basic_leaf;
    CpuidLeaf features{leaf_features, 0, false, 0, 0, 0, 0};
    CpuidLeaf more{leaf_more_features, 0, true, 0, 0, 0, 0};
    CpuidLeaf extended{leaf_extended, 0, false, 0, 0, 0, 0};
    for (const CpuFeature& feature : cpu_features) {
        if (feature.presence != Presence::ours && !has(host, feature)) continue;
        CpuidLeaf& leaf = feature.leaf == leaf_features        ? features
                          : feature.leaf == leaf_more_features ? more
                                                               : extended;
        register_of(leaf, feature.where) |= u32{1} << feature.bit;
    }
    features.eax = find_leaf(host, leaf_features).eax & signature_mask;
    features.ebx = 8 << 8 /*CLFLUSH 64 bytes*/ | 1 << 16 /*one CPU*/;
    if (amd) extended.edx |= features.edx & repeated_features;
    if (amd) extended.eax = features.eax;
    u32 physical_bits =
        std::min(find_leaf(host, 0x8000'0008).eax & 0xff, physical_address_bits_max);

    std::vector<CpuidLeaf> leaves = {
        maker,
        features,
        more,
        {0x4000'0000, 0, false, max_hypervisor_leaf, 0x746d'6676, 0x746d'6676, 0x746d'6676},
        {0x8000'0000, 0, false, max_extended_leaf, 0, 0, 0},
        extended,
        text(0x8000'0002, "vmft virtual CPU"),
        text(0x8000'0003, ", x86-64-v2\0\0\0\0\0"),
        text(0x8000'0004, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
        {0x8000'0008, 0, false, physical_bits | linear_address_bits << 8, 0, 0, 0}};
    if (amd) {
        leaves[4].ebx = maker.ebx;
        leaves[4].ecx = maker.ecx;
        leaves[4].edx = maker.edx;
    }
    add_caches(leaves, amd);
    std::sort(leaves.begin(), leaves.end(), [](const CpuidLeaf& a, const CpuidLeaf& b) {
        return a.function != b.function ? a.function < b.function : a.index < b.index;
    });
    return leaves;
}

/// "AuthenticAMD family 25 model 17".
std::string name_of(std::span<const CpuidLeaf> leaves) {
    CpuidLeaf maker = find_leaf(leaves, 0);
    u32 signature = find_leaf(leaves, leaf_features).eax;
    u32 family = signature >> 8 & 15, model = signature >> 4 & 15;
    if (family == 6 || family == 15) model |= signature >> 12 & 0xf0;
    if (family == 15) family += signature >> 20 & 0xff;
    char vendor[13] = {};
    std::memcpy(vendor, &maker.ebx, 4);
    std::memcpy(vendor + 4, &maker.edx, 4);
    std::memcpy(vendor + 8, &maker.ecx, 4);
    for (char& letter : vendor)
        if (letter != 0 && (letter < ' ' || letter > '~')) letter = '?';
    char text[80];
    std::snprintf(text, sizeof text, "%s family %u model %u", vendor, family, model);
    return text;
}

/// The first feature in `wanted` that neither KVM gives here nor vmft brings; empty: none.
std::string first_missing(std::span<const CpuidLeaf> wanted, std::span<const CpuidLeaf> host) {
    static constexpr struct {
        u32 leaf;
        CpuidRegister where;
    } words[] = {{leaf_features, CpuidRegister::edx},      {leaf_features, CpuidRegister::ecx},
                 {leaf_more_features, CpuidRegister::ebx}, {leaf_more_features, CpuidRegister::ecx},
                 {leaf_more_features, CpuidRegister::edx}, {leaf_extended, CpuidRegister::ecx},
                 {leaf_extended, CpuidRegister::edx}};
    for (auto [leaf, where] : words) {
        u32 given = register_of(find_leaf(host, leaf), where);
        for (const CpuFeature& feature : cpu_features)
            if (feature.leaf == leaf && feature.where == where &&
                feature.presence == Presence::ours)
                given |= u32{1} << feature.bit;
        u32 missing = register_of(find_leaf(wanted, leaf), where) & ~given;
        for (unsigned bit = 0; bit < 32; bit++)
            if (missing >> bit & 1) return feature_name(leaf, where, bit);
    }
    return {};
}

}  // namespace

std::vector<CpuidLeaf> reduced_cpu_model(KvmHost& host) { return build(supported_cpuid(host)); }

std::vector<CpuidLeaf> cpu_model(KvmHost& host) {
    std::vector<CpuidLeaf> supported = supported_cpuid(host);
    for (const CpuFeature& feature : cpu_features)
        if (feature.presence == Presence::required && !has(supported, feature))
            throw AcceleratorFault(AcceleratorFault::Kind::unavailable,
                                   std::string("this host's KVM does not give guests ") +
                                       feature.name + ", which x86-64-v2 has",
                                   "use --accel soft");
    return build(supported);
}

std::string why_not_here(KvmHost& host, std::span<const CpuidLeaf> guest) {
    std::vector<CpuidLeaf> supported = supported_cpuid(host);
    std::vector<CpuidLeaf> here = build(supported);
    if (name_of(here) != name_of(guest))
        return "the guest's CPU is " + name_of(guest) + ", this host's is " + name_of(here);
    if (std::string feature = first_missing(guest, supported); !feature.empty())
        return "the guest's CPU has " + feature + ", which this host's KVM does not give";
    u32 wanted_bits = find_leaf(guest, 0x8000'0008).eax & 0xff,
        bits = find_leaf(supported, 0x8000'0008).eax & 0xff;
    if (wanted_bits > bits)
        return "the guest's CPU has " + std::to_string(wanted_bits) +
               " bits of physical address, this host's " + std::to_string(bits);
    return {};
}

}  // namespace vmft::kvm
