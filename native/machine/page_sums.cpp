#include "machine/page_sums.h"

#include "base/hash64.h"

namespace vmft {
namespace {

/// Never 0, which stands for a page of zeros. The page's number is in it: the sum must tell two
/// pages that have changed places.
u64 hash_of(const u8* bytes, u64 page) {
    Hash64 hash(page);
    hash.add({bytes, page_bytes});
    u64 value = hash.value();
    return value == 0 ? 1 : value;
}

}  // namespace

void PageSums::look_at(u64 page) {
    const u8* bytes = memory_.data() + (page << page_shift);
    u64 now = is_zero_page(bytes) ? 0 : hash_of(bytes, page);
    u64& before = hashes_[page];
    pages_ += (now != 0) - (before != 0);
    sum_ += now - before;
    before = now;
}

void PageSums::update() {
    if (hashes_.empty()) hashes_.resize(memory_.pages());
    if (all_changed_) {
        for (u64 page = 0; page < memory_.pages(); page++) look_at(page);
        clear_dirty_flags(memory_);
        all_changed_ = false;
        return;
    }
    for_each_page_with<GuestMemory::dirty>(memory_, [&](u64 page) { look_at(page); });
    clear_dirty_flags(memory_);
}

}  // namespace vmft
