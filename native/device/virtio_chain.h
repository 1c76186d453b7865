#pragma once

#include <span>
#include <vector>

#include "base/types.h"
#include "machine/guest_memory.h"

namespace vmft {

/// One buffer of a chain; lies in guest RAM throughout (checked when the chain was taken).
struct VirtioSegment {
    u64 address = 0;
    u32 bytes = 0;
};

/// A descriptor chain taken from a virtqueue (virtio 1.2, 2.7.5): first what the
/// device reads, then what it writes. Reused from one take to the next, so that a
/// queue in steady state allocates nothing.
class VirtioChain {
public:
    u16 head() const { return head_; }
    u64 readable_bytes() const { return readable_bytes_; }
    u64 writable_bytes() const { return writable_bytes_; }

    /// Copies from the readable part, from `offset` on; returns the bytes copied, fewer at its end.
    u64 read(const GuestMemory& memory, u64 offset, std::span<u8> into) const;
    /// Copies to the writable part, from `offset` on; returns the bytes copied, fewer at its end.
    u64 write(GuestMemory& memory, u64 offset, std::span<const u8> from) const;
    std::span<const VirtioSegment> readable() const {
        return std::span(segments_).first(readable_count_);
    }
    std::span<const VirtioSegment> writable() const {
        return std::span(segments_).subspan(readable_count_);
    }
    /// The readable part from `offset` to its end where it lies, if one segment holds it; else
    /// empty. Valid until the guest's memory is next written.
    std::span<const u8> readable_in_place(const GuestMemory& memory, u64 offset) const;

    void clear(u16 head);
    /// False when a readable segment follows a writable one (2.7.4.2).
    bool append(VirtioSegment segment, bool writable);

private:
    u16 head_ = 0;
    size_t readable_count_ = 0;
    u64 readable_bytes_ = 0;
    u64 writable_bytes_ = 0;
    std::vector<VirtioSegment> segments_;
};

}  // namespace vmft
