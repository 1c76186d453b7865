#include "disk/request_order.h"

#include <algorithm>

namespace vmft {

bool RequestOrder::add(const DiskRequest& request, const std::vector<u64>& behind) {
    Entry added;
    added.id = request.id;
    added.offset_bytes = request.offset_bytes;
    added.bytes = request.bytes;
    added.changes = request.changes();
    u64 end_bytes = added.offset_bytes + added.bytes;
    for (Entry& earlier : entries_) {
        bool overlaps = added.offset_bytes < earlier.offset_bytes + earlier.bytes &&
                        earlier.offset_bytes < end_bytes;
        bool conflicts = overlaps && (added.changes || earlier.changes);
        bool named = std::find(behind.begin(), behind.end(), earlier.id) != behind.end();
        if (!conflicts && !named) continue;
        earlier.behind.push_back(added.id);
        added.waits_for++;
    }
    bool waits_for_none = added.waits_for == 0;
    entries_.push_back(std::move(added));
    return waits_for_none;
}

void RequestOrder::end(u64 id, std::vector<u64>& freed) {
    auto with_id = [this](u64 wanted) {
        return std::find_if(entries_.begin(), entries_.end(),
                            [wanted](const Entry& entry) { return entry.id == wanted; });
    };
    auto ended = with_id(id);
    if (ended == entries_.end()) return;
    std::vector<u64> behind = std::move(ended->behind);
    entries_.erase(ended);
    for (u64 waiting : behind) {
        auto next = with_id(waiting);
        // One behind may have ended before its turn: a read of which the log already knows the end.
        if (next != entries_.end() && --next->waits_for == 0) freed.push_back(waiting);
    }
}

}  // namespace vmft
