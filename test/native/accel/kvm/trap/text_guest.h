#pragma once

#include "accel/kvm/trap/trap.h"

namespace vmft::test {

/// Guest memory with kernel text mapped in it, and the registers that go with the mappings.
class TextGuest {
public:
    static constexpr u64 base = 0xffff'ffff'8100'0000;  ///< Where Linux puts its text.
    static constexpr u64 root = 0x1000;
    static constexpr u64 text_ram = 0x10'0000;  ///< Physical; RAM ends at 8 MiB.
    static constexpr u64 pte_large = 0x80, pte_no_execute = u64{1} << 63;

    GuestMemory memory{8 << 20};

    kvm_sregs registers() const;
    /// Maps one page; `flags` beside present and writable. Tables are made as needed.
    void map(u64 linear, u64 physical, u64 flags = 0, u64 from_root = root);
    void map_large(u64 linear, u64 physical, u64 flags = 0);
    void unmap(u64 linear);
    /// Writes through the mappings, page by page.
    void write(u64 linear, std::span<const u8> bytes);
    std::vector<u8> read(u64 linear, size_t count) const;
    /// The 64 KiB from text_ram on, to compare.
    std::vector<u8> text() const {
        return {memory.data() + text_ram, memory.data() + text_ram + 0x1'0000};
    }

private:
    u64 table_for(u64 linear, unsigned level, u64 from_root);

    u64 next_table_ = 0x4000;
};

/// Code as compilers write it, with nothing in it that is replaced: at least `bytes` of it.
std::vector<u8> ordinary_code(size_t bytes);

inline void append(std::vector<u8>& to, std::span<const u8> from) {
    to.insert(to.end(), from.begin(), from.end());
}

}  // namespace vmft::test
