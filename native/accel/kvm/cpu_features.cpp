#include "accel/kvm/cpu_features.h"

#include <cerrno>
#include <cstdio>

#include "accel/kvm/vcpu/kvm_request.h"
#include "accel/kvm/vcpu/kvm_tables.h"

namespace vmft::kvm {

std::string feature_name(u32 leaf, CpuidRegister where, unsigned bit) {
    for (const CpuFeature& feature : cpu_features)
        if (feature.leaf == leaf && feature.where == where && feature.bit == bit)
            return feature.name;
    static constexpr const char* names[] = {"eax", "ebx", "ecx", "edx"};
    char text[48];
    std::snprintf(text, sizeof text, "CPUID 0x%x %s bit %u", leaf,
                  names[static_cast<unsigned>(where)], bit);
    return text;
}

std::vector<CpuidLeaf> supported_cpuid(KvmHost& host) {
    constexpr size_t entries_max = 1024;
    for (size_t entries = 128; entries <= entries_max; entries *= 2) {
        RequestTable<kvm_cpuid_entry2> table(entries);
        if (try_request(host.fd(), request_get_supported_cpuid, table.data()) != 0) {
            if (errno == E2BIG) continue;
            throw_request_failed("KVM_GET_SUPPORTED_CPUID", errno);
        }
        std::vector<CpuidLeaf> leaves;
        for (size_t i = 0; i < table.count(); i++) {
            kvm_cpuid_entry2 entry = table.get(i);
            leaves.push_back({entry.function, entry.index,
                              (entry.flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) != 0, entry.eax,
                              entry.ebx, entry.ecx, entry.edx});
        }
        return leaves;
    }
    throw_request_failed("KVM_GET_SUPPORTED_CPUID", E2BIG);
}

CpuidLeaf find_leaf(std::span<const CpuidLeaf> leaves, u32 function, u32 index) {
    for (const CpuidLeaf& leaf : leaves)
        if (leaf.function == function && (!leaf.indexed || leaf.index == index)) return leaf;
    return {function, index, false, 0, 0, 0, 0};
}

}  // namespace vmft::kvm
