#pragma once

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

void clear_dirty_flags(GuestMemory& memory);

/// Whether a page's bytes are all zero.
bool is_zero_page(const u8* page);

}  // namespace vmft
