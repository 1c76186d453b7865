#pragma once

#include <cstring>

#include "base/types.h"
#include "machine/guest_memory.h"

namespace vmft {

/// A digest over guest pages, in page order: index and content of each.
struct MemoryDigest {
    u64 value = 0;
    u32 pages = 0;
};

/// Digest of the pages whose dirty flag is set, which it clears. The accelerator must be told
/// (Accelerator::dirty_flags_cleared) when any page was.
MemoryDigest take_dirty_digest(GuestMemory& memory);

/// Digest of all pages that are not zero throughout; flags stay.
MemoryDigest whole_memory_digest(const GuestMemory& memory);

/// Calls `visit(page)` for every page with this flag, ascending; looks at eight pages' flags at
/// once, since most are clear.
template <u8 flag, typename Visit>
void for_each_page_with(GuestMemory& memory, Visit visit) {
    u8* flags = memory.page_flags();
    constexpr u64 flag_in_all = 0x0101'0101'0101'0101 * flag;
    u64 pages = memory.pages(), page = 0;
    for (; page + 8 <= pages; page += 8) {
        u64 eight;
        std::memcpy(&eight, flags + page, 8);
        if ((eight & flag_in_all) == 0) continue;
        for (u64 i = page; i < page + 8; i++)
            if (flags[i] & flag) visit(i);
    }
    for (; page < pages; page++)
        if (flags[page] & flag) visit(page);
}

void clear_dirty_flags(GuestMemory& memory);

/// Whether a page's bytes are all zero.
bool is_zero_page(const u8* page);

}  // namespace vmft
