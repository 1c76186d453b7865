#pragma once

#include <span>
#include <vector>

#include "base/types.h"

namespace vmft {

/// Told when bytes of a page that holds decoded code are written by anyone but the
/// vCPU's own handlers (a device, the loader, a restore).
class CodeWriteListener {
public:
    virtual void code_page_written(u64 page_index) = 0;

protected:
    ~CodeWriteListener() = default;
};

/// Guest RAM in one host mapping, between pages that nobody may touch. A *RAM offset* counts bytes
/// from its start; guest-physical addresses map to offsets by layout.h (below 3 GiB as they are,
/// from 4 GiB on behind that). Per page it keeps flags:
///   dirty:   written since a memory digest last cleared it
///   written: the same, for whoever looks for changed code (an accelerator in the kernel's hands)
///   changed: the same, for whoever copies the machine (Machine::collect_changes)
///   code:    holds bytes that an accelerator has decoded
class GuestMemory {
public:
    static constexpr u8 dirty = 1;
    static constexpr u8 code = 2;
    static constexpr u8 written = 4;
    static constexpr u8 changed = 8;
    /// What every write sets.
    static constexpr u8 write_marks = dirty | written | changed;
    static constexpr u64 no_offset = ~u64{0};

    /// `bytes` is a multiple of 4 KiB, at least 1 MiB. Memory reads as zero. Throws std::bad_alloc.
    explicit GuestMemory(u64 bytes);
    ~GuestMemory();
    GuestMemory(const GuestMemory&) = delete;
    GuestMemory& operator=(const GuestMemory&) = delete;

    u64 bytes() const { return bytes_; }
    u64 pages() const { return bytes_ >> page_shift; }
    u8* data() { return base_; }
    const u8* data() const { return base_; }

    /// RAM offset of a guest-physical address; no_offset where there is no RAM.
    u64 offset_of(u64 address) const {
        if (address < low_bytes_) return address;
        u64 high = address - high_start;
        if (address >= high_start && high < bytes_ - low_bytes_) return low_bytes_ + high;
        return no_offset;
    }
    /// Bytes of RAM below the device hole, and above 4 GiB.
    u64 low_bytes() const { return low_bytes_; }
    u64 high_bytes() const { return bytes_ - low_bytes_; }

    /// Device access: false, with no effect, unless the whole range is RAM. An empty range is
    /// always fine.
    bool read(u64 address, std::span<u8> into) const;
    bool write(u64 address, std::span<const u8> from);
    /// Whether [address, address+size) is RAM throughout; does not wrap.
    bool contains(u64 address, u64 size) const;

    template <typename T>
    bool read_value(u64 address, T& value) const {
        return read(address, {reinterpret_cast<u8*>(&value), sizeof value});
    }
    template <typename T>
    bool write_value(u64 address, T value) {
        return write(address, {reinterpret_cast<const u8*>(&value), sizeof value});
    }

    u8* page_flags() { return flags_.data(); }
    void mark_dirty(u64 page_index) { flags_[page_index] |= write_marks; }
    void set_listener(CodeWriteListener* listener) { listener_ = listener; }
    /// Host memory that is resident for this guest is at most bytes(); pages never written cost
    /// nothing.

private:
    static constexpr u64 high_start = 0x1'0000'0000;
    u8* base_ = nullptr;
    u64 bytes_ = 0;
    u64 low_bytes_ = 0;
    std::vector<u8> flags_;
    CodeWriteListener* listener_ = nullptr;
};

}  // namespace vmft
