#include "device/virtio_chain.h"

#include <algorithm>

#include "base/check.h"

namespace vmft {

void VirtioChain::clear(u16 head) {
    head_ = head;
    readable_count_ = 0;
    readable_bytes_ = writable_bytes_ = 0;
    segments_.clear();
}

bool VirtioChain::append(VirtioSegment segment, bool writable) {
    if (writable) {
        writable_bytes_ += segment.bytes;
    } else {
        if (readable_count_ != segments_.size()) return false;
        readable_count_++;
        readable_bytes_ += segment.bytes;
    }
    segments_.push_back(segment);
    return true;
}

u64 VirtioChain::read(const GuestMemory& memory, u64 offset, std::span<u8> into) const {
    u64 copied = 0;
    for (size_t i = 0; i < readable_count_ && copied < into.size(); i++) {
        const VirtioSegment& segment = segments_[i];
        if (offset >= segment.bytes) {
            offset -= segment.bytes;
            continue;
        }
        u64 bytes = std::min<u64>(segment.bytes - offset, into.size() - copied);
        VMFT_CHECK(memory.read(segment.address + offset, into.subspan(copied, bytes)));
        copied += bytes;
        offset = 0;
    }
    return copied;
}

u64 VirtioChain::write(GuestMemory& memory, u64 offset, std::span<const u8> from) const {
    u64 copied = 0;
    for (size_t i = readable_count_; i < segments_.size() && copied < from.size(); i++) {
        const VirtioSegment& segment = segments_[i];
        if (offset >= segment.bytes) {
            offset -= segment.bytes;
            continue;
        }
        u64 bytes = std::min<u64>(segment.bytes - offset, from.size() - copied);
        VMFT_CHECK(memory.write(segment.address + offset, from.subspan(copied, bytes)));
        copied += bytes;
        offset = 0;
    }
    return copied;
}

std::span<const u8> VirtioChain::readable_in_place(const GuestMemory& memory, u64 offset) const {
    if (offset >= readable_bytes_) return {};
    size_t i = 0;
    while (offset >= segments_[i].bytes) offset -= segments_[i++].bytes;
    const VirtioSegment& segment = segments_[i];
    for (size_t rest = i + 1; rest < readable_count_; rest++)
        if (segments_[rest].bytes != 0) return {};
    return {memory.data() + memory.offset_of(segment.address) + offset, segment.bytes - offset};
}

}  // namespace vmft
