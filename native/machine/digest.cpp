#include "machine/digest.h"

#include <cstring>

#include "base/hash64.h"

namespace vmft {
namespace {

void add_page(Hash64& hash, const GuestMemory& memory, u64 page) {
    hash.add(page);
    hash.add({memory.data() + (page << page_shift), page_bytes});
}

}  // namespace

MemoryDigest take_dirty_digest(GuestMemory& memory) {
    Hash64 hash;
    u32 count = 0;
    for_each_page_with<GuestMemory::dirty>(memory, [&](u64 page) {
        memory.page_flags()[page] &= static_cast<u8>(~GuestMemory::dirty);
        add_page(hash, memory, page);
        count++;
    });
    if (count == 0) return {};
    return {hash.value(), count};
}

MemoryDigest whole_memory_digest(const GuestMemory& memory) {
    Hash64 hash;
    u32 count = 0;
    for (u64 page = 0; page < memory.pages(); page++) {
        if (is_zero_page(memory.data() + (page << page_shift))) continue;
        add_page(hash, memory, page);
        count++;
    }
    return {hash.value(), count};
}

void clear_dirty_flags(GuestMemory& memory) {
    for_each_page_with<GuestMemory::dirty>(memory, [&](u64 page) {
        memory.page_flags()[page] &= static_cast<u8>(~GuestMemory::dirty);
    });
}

bool is_zero_page(const u8* page) {
    // A page compared with itself, shifted by a word: equal everywhere and zero at the start.
    u64 first;
    std::memcpy(&first, page, 8);
    return first == 0 && std::memcmp(page, page + 8, page_bytes - 8) == 0;
}

}  // namespace vmft
