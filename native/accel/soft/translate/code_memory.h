#pragma once

#include "base/types.h"

namespace vmft::soft {

/// Memory for host code that is never writable and executable at one address (W^X): the same pages
/// appear twice, once to be written and once to be executed. Offsets are the same in both.
class CodeMemory {
public:
    /// `bytes` is rounded up to pages, which cost nothing until they are written. Throws
    /// std::bad_alloc.
    explicit CodeMemory(u64 bytes);
    ~CodeMemory();
    CodeMemory(const CodeMemory&) = delete;
    CodeMemory& operator=(const CodeMemory&) = delete;

    u64 bytes() const { return bytes_; }
    u8* writable() const { return writable_; }
    /// Where the CPU finds what was written at `writable`.
    const u8* executable(const u8* writable) const { return executable_ + (writable - writable_); }

private:
    u8* writable_ = nullptr;
    u8* executable_ = nullptr;
    u64 bytes_ = 0;
};

}  // namespace vmft::soft
