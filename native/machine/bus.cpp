#include "machine/bus.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace vmft {

namespace {

u64 ones(unsigned size_bytes) { return size_bytes >= 8 ? ~u64{0} : (u64{1} << size_bytes * 8) - 1; }

}  // namespace

void Bus::add(u64 base, u64 bytes, Device& device, unsigned width_bytes, u64 first_offset) {
    VMFT_CHECK(bytes > 0 && base + (bytes - 1) >= base);
    VMFT_CHECK(width_bytes <= 8 && std::has_single_bit(width_bytes));
    auto at = std::find_if(ranges_.begin(), ranges_.end(),
                           [&](const Range& range) { return range.base > base; });
    if (at != ranges_.end()) VMFT_CHECK(at->base - base >= bytes);
    if (at != ranges_.begin()) VMFT_CHECK(base - std::prev(at)->base >= std::prev(at)->bytes);
    ranges_.insert(at, {base, bytes, &device, width_bytes, first_offset});
}

const Bus::Range* Bus::find(u64 address) {
    auto holds = [&](const Range& range) {
        return address >= range.base && address - range.base < range.bytes;
    };
    if (last_ < ranges_.size() && holds(ranges_[last_])) return &ranges_[last_];
    auto after =
        std::upper_bound(ranges_.begin(), ranges_.end(), address,
                         [](u64 wanted, const Range& range) { return wanted < range.base; });
    if (after == ranges_.begin() || !holds(*std::prev(after))) return nullptr;
    last_ = static_cast<size_t>(std::prev(after) - ranges_.begin());
    return &ranges_[last_];
}

u64 Bus::read(u64 address, unsigned size_bytes) {
    const Range* range = find(address);
    if (!range) {
        unclaimed_reads_++;
        return ones(size_bytes);
    }
    u64 at = address - range->base;
    if (size_bytes <= range->width_bytes && range->bytes - at >= size_bytes)
        return range->device->read(range->first_offset + at, size_bytes) & ones(size_bytes);
    unsigned piece = range->bytes - at >= size_bytes ? range->width_bytes : 1;
    u64 value = 0;
    for (unsigned i = 0; i < size_bytes; i += piece) value |= read(address + i, piece) << i * 8;
    return value;
}

void Bus::write(u64 address, unsigned size_bytes, u64 value) {
    const Range* range = find(address);
    if (!range) {
        unclaimed_writes_++;
        return;
    }
    u64 at = address - range->base;
    if (size_bytes <= range->width_bytes && range->bytes - at >= size_bytes) {
        range->device->write(range->first_offset + at, size_bytes, value & ones(size_bytes));
        return;
    }
    unsigned piece = range->bytes - at >= size_bytes ? range->width_bytes : 1;
    for (unsigned i = 0; i < size_bytes; i += piece)
        write(address + i, piece, value >> i * 8 & ones(piece));
}

void Bus::save(StateWriter& state) const {
    state.put(unclaimed_reads_);
    state.put(unclaimed_writes_);
}

void Bus::restore(StateReader& state) {
    state.get(unclaimed_reads_);
    state.get(unclaimed_writes_);
}

}  // namespace vmft
