#pragma once

#include <vector>

#include "base/types.h"

namespace vmft {

struct DiskRange {
    u64 offset_bytes = 0, bytes = 0;
    bool operator==(const DiskRange&) const = default;
};

/// Which parts of a disk were changed, in granules of limits::disk_change_granule_bytes.
class ChangeMap {
public:
    explicit ChangeMap(u64 capacity_bytes);
    /// What lies behind the disk's end is left out.
    void mark(u64 offset_bytes, u64 bytes);
    /// What was marked since the last call, in order, neighbours as one; within the disk.
    std::vector<DiskRange> take();

private:
    u64 capacity_bytes_;
    u64 granules_;
    std::vector<u64> words_;  // One bit each.
};

}  // namespace vmft
