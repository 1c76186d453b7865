#pragma once

#include <span>
#include <string>

#include "base/types.h"

namespace vmft::test {

/// The bytes of a simulated disk: zeroes, or a private view of an image, which is never written.
/// Only what was changed or, of zeroes, touched takes memory (pages of the host's).
class DiskBytes {
public:
    /// `image`: a file of at least `bytes` bytes; empty: all zeroes. Throws std::runtime_error when
    /// it cannot be mapped.
    DiskBytes(u64 bytes, const std::string& image);
    ~DiskBytes();
    DiskBytes(const DiskBytes&) = delete;
    DiskBytes& operator=(const DiskBytes&) = delete;

    /// `offset` and `count` lie within.
    std::span<u8> range(u64 offset, u64 count) const;

private:
    u8* begin_ = nullptr;
    u64 bytes_ = 0;
};

}  // namespace vmft::test
