#include "disk/change_map.h"

#include <algorithm>

#include "base/limits.h"

namespace vmft {
namespace {

constexpr u64 granule = limits::disk_change_granule_bytes;

}  // namespace

ChangeMap::ChangeMap(u64 capacity_bytes)
    : capacity_bytes_(capacity_bytes), granules_((capacity_bytes + granule - 1) / granule),
      words_((granules_ + 63) / 64) {}

void ChangeMap::mark(u64 offset_bytes, u64 bytes) {
    if (bytes == 0) return;
    u64 last = std::min((offset_bytes + bytes - 1) / granule + 1, granules_);
    for (u64 at = offset_bytes / granule; at < last; at++) words_[at / 64] |= u64{1} << (at % 64);
}

std::vector<DiskRange> ChangeMap::take() {
    std::vector<DiskRange> ranges;
    for (u64 word = 0; word < words_.size(); word++) {
        for (u64 bits = words_[word]; bits != 0; bits &= bits - 1) {
            u64 offset = (word * 64 + static_cast<u64>(__builtin_ctzll(bits))) * granule;
            u64 bytes = std::min(granule, capacity_bytes_ - offset);
            bool goes_on =
                !ranges.empty() && ranges.back().offset_bytes + ranges.back().bytes == offset;
            if (goes_on)
                ranges.back().bytes += bytes;
            else
                ranges.push_back({offset, bytes});
        }
        words_[word] = 0;
    }
    return ranges;
}

}  // namespace vmft
