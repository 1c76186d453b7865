#pragma once

#include <span>

#include "base/scoped_fd.h"
#include "base/types.h"

namespace vmft {

/// The bytes of an open file or block device, whole ranges at a time. Methods give 0 or an errno;
/// any thread.
class FileAccess {
public:
    FileAccess() = default;
    FileAccess(ScopedFd fd, bool block_device, bool direct)
        : fd_(std::move(fd)), block_device_(block_device), direct_(direct) {}

    int fd() const { return fd_.get(); }

    /// EIO also where the file ends too early: it was cut after it had been opened.
    int read(u64 offset, std::span<u8> bytes) const;
    int write(u64 offset, std::span<const u8> bytes) const;
    /// Makes the range read as zero, giving its space back where `may_unmap` allows it.
    int zero(u64 offset, u64 bytes, bool may_unmap) const;
    /// Gives the range's space back, where storage can; what it reads as afterwards is not said.
    int discard(u64 offset, u64 bytes) const;
    /// What was written survives the host's crash.
    int flush() const;

private:
    int write_zeroes(u64 offset, u64 bytes) const;

    ScopedFd fd_;
    bool block_device_ = false;
    bool direct_ = false;  ///< O_DIRECT: buffers, offsets and sizes are aligned.
};

}  // namespace vmft
