#pragma once

#include <memory>
#include <vector>

#include "base/types.h"
#include "machine/guest_memory.h"

namespace vmft {

/// Pages as the backup has them, some of those that were sent last. A guest writes few words of
/// the same pages again and again; what of them is new compresses far better than all of it.
/// When there is no room, one that has not been asked for since it was last looked at goes.
class PageHistory {
public:
    PageHistory(u64 memory_pages, u64 pages_max);

    /// The page as it was last kept; null when it is not here.
    const u8* find(u32 page);
    /// The backup has it so.
    void keep(u32 page, const u8* bytes);
    void forget(u32 page);
    void clear();

private:
    static constexpr u32 nowhere = ~u32{0};
    struct Slot {
        u32 page = nowhere;
        bool asked_for = false;
        std::unique_ptr<u8[]> bytes;
    };

    u32 free_slot();

    const u64 slots_max_;
    std::vector<u32> slot_of_;  ///< By page.
    std::vector<Slot> slots_;
    u32 hand_ = 0;
};

}  // namespace vmft
