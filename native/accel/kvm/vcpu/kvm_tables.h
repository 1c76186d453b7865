#pragma once

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <cstring>
#include <vector>

#include "base/types.h"

/// KVM's requests that end in a flexible array. Written out here because in some versions of
/// linux/kvm.h these structures have another size in C++ than in C (an empty structure in them has
/// a byte), and with it the request numbers. A table is a count, four bytes of padding, and the
/// entries.
namespace vmft::kvm {

struct TableHeader {
    u32 count, padding;
};

inline constexpr unsigned long request_get_supported_cpuid = _IOWR(KVMIO, 0x05, TableHeader);
inline constexpr unsigned long request_get_msrs = _IOWR(KVMIO, 0x88, TableHeader);
inline constexpr unsigned long request_set_msrs = _IOW(KVMIO, 0x89, TableHeader);
/// The area of KVM_GET_XSAVE without what arch_prctl may add.
struct XsaveArea {
    alignas(64) u8 bytes[4096];
};
inline constexpr unsigned long request_get_xsave = _IOR(KVMIO, 0xa4, XsaveArea);
inline constexpr unsigned long request_set_xsave = _IOW(KVMIO, 0xa5, XsaveArea);
inline constexpr unsigned long request_set_cpuid2 = _IOW(KVMIO, 0x90, TableHeader);

/// The bytes of such a table.
template <typename Entry>
class RequestTable {
public:
    explicit RequestTable(size_t entries) : bytes_(sizeof(TableHeader) + entries * sizeof(Entry)) {
        TableHeader header{static_cast<u32>(entries), 0};
        std::memcpy(bytes_.data(), &header, sizeof header);
    }
    void* data() { return bytes_.data(); }
    /// As KVM left it.
    size_t count() const {
        TableHeader header;
        std::memcpy(&header, bytes_.data(), sizeof header);
        return header.count;
    }
    Entry get(size_t index) const {
        Entry entry;
        std::memcpy(&entry, bytes_.data() + sizeof(TableHeader) + index * sizeof entry,
                    sizeof entry);
        return entry;
    }
    void set(size_t index, const Entry& entry) {
        std::memcpy(bytes_.data() + sizeof(TableHeader) + index * sizeof entry, &entry,
                    sizeof entry);
    }

private:
    std::vector<u8> bytes_;
};

}  // namespace vmft::kvm
