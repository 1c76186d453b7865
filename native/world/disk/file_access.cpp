#include "world/disk/file_access.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "base/limits.h"

namespace vmft {
namespace {

constexpr size_t step_bytes = limits::disk_file_step_bytes;

/// What O_DIRECT reads into and writes from: one for each thread that does such, aligned for any
/// device.
std::span<u8> aligned_buffer() {
    struct Free {
        void operator()(u8* bytes) const { std::free(bytes); }
    };
    thread_local std::unique_ptr<u8, Free> buffer;
    if (!buffer) buffer.reset(static_cast<u8*>(std::aligned_alloc(page_bytes, step_bytes)));
    if (!buffer) throw std::bad_alloc();
    return {buffer.get(), step_bytes};
}

int read_step(int fd, u64 offset, std::span<u8> bytes) {
    while (!bytes.empty()) {
        ssize_t got = pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        if (got == 0) return EIO;
        bytes = bytes.subspan(static_cast<size_t>(got));
        offset += static_cast<u64>(got);
    }
    return 0;
}

int write_step(int fd, u64 offset, std::span<const u8> bytes) {
    while (!bytes.empty()) {
        ssize_t put = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return errno;
        if (put == 0) return ENOSPC;
        bytes = bytes.subspan(static_cast<size_t>(put));
        offset += static_cast<u64>(put);
    }
    return 0;
}

/// Also for what an ioctl or a mode is not known to.
bool not_supported(int error) {
    return error == EOPNOTSUPP || error == ENOTTY || error == EINVAL || error == ENOSYS;
}

int allocate(int fd, int mode, u64 offset, u64 bytes) {
    int result;
    do result = fallocate(fd, mode, static_cast<off_t>(offset), static_cast<off_t>(bytes));
    while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

int device_range(int fd, unsigned long request, u64 offset, u64 bytes) {
    u64 range[2] = {offset, bytes};
    return ioctl(fd, request, range) == 0 ? 0 : errno;
}

}  // namespace

int FileAccess::read(u64 offset, std::span<u8> bytes) const {
    if (!direct_) return read_step(fd(), offset, bytes);
    while (!bytes.empty()) {
        std::span<u8> step = aligned_buffer().first(std::min(bytes.size(), step_bytes));
        if (int error = read_step(fd(), offset, step)) return error;
        std::memcpy(bytes.data(), step.data(), step.size());
        bytes = bytes.subspan(step.size());
        offset += step.size();
    }
    return 0;
}

int FileAccess::write(u64 offset, std::span<const u8> bytes) const {
    if (!direct_) return write_step(fd(), offset, bytes);
    while (!bytes.empty()) {
        std::span<u8> step = aligned_buffer().first(std::min(bytes.size(), step_bytes));
        std::memcpy(step.data(), bytes.data(), step.size());
        if (int error = write_step(fd(), offset, step)) return error;
        bytes = bytes.subspan(step.size());
        offset += step.size();
    }
    return 0;
}

int FileAccess::write_zeroes(u64 offset, u64 bytes) const {
    std::span<u8> zeroes = aligned_buffer();
    std::memset(zeroes.data(), 0, zeroes.size());
    while (bytes > 0) {
        size_t step = std::min<u64>(bytes, zeroes.size());
        if (int error = write_step(fd(), offset, zeroes.first(step))) return error;
        offset += step;
        bytes -= step;
    }
    return 0;
}

int FileAccess::zero(u64 offset, u64 bytes, bool may_unmap) const {
    if (bytes == 0) return 0;
    int error = EOPNOTSUPP;
    if (block_device_) {
        error = device_range(fd(), BLKZEROOUT, offset, bytes);
    } else {
        constexpr int hole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
        constexpr int range = FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE;
        if (may_unmap) error = allocate(fd(), hole, offset, bytes);
        if (not_supported(error)) error = allocate(fd(), range, offset, bytes);
    }
    return not_supported(error) ? write_zeroes(offset, bytes) : error;
}

int FileAccess::discard(u64 offset, u64 bytes) const {
    if (bytes == 0) return 0;
    int error = block_device_
                    ? device_range(fd(), BLKDISCARD, offset, bytes)
                    : allocate(fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, bytes);
    return not_supported(error) ? 0 : error;
}

int FileAccess::flush() const {
    int result;
    do result = fdatasync(fd());
    while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

}  // namespace vmft
