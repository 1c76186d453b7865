#pragma once

#include <vector>

#include "disk/disk_request.h"

namespace vmft {

/// Which requests of one disk must wait for which: two that overlap, where one of them changes the
/// blocks, follow each other in the order in which they were added. All others are free of each
/// other. Ids are those of DiskRequest.
class RequestOrder {
public:
    /// True when it waits for none. `behind`: ids of others that it waits for too.
    bool add(const DiskRequest& request, const std::vector<u64>& behind = {});
    /// Nobody waits for it any more; `freed` gets the ids of those that now wait for none. One that
    /// is not here is ignored.
    void end(u64 id, std::vector<u64>& freed);
    void clear() { entries_.clear(); }
    size_t size() const { return entries_.size(); }

private:
    struct Entry {
        u64 id = 0;
        u64 offset_bytes = 0, bytes = 0;
        bool changes = false;
        u32 waits_for = 0;        ///< How many.
        std::vector<u64> behind;  ///< Who waits for this one, in order.
    };
    std::vector<Entry> entries_;  // In order.
};

}  // namespace vmft
