#include "determinism/disk_bytes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <stdexcept>

#include "base/check.h"
#include "base/scoped_fd.h"

namespace vmft::test {

DiskBytes::DiskBytes(u64 bytes, const std::string& image) : bytes_(bytes) {
    ScopedFd file;
    if (!image.empty()) {
        file = ScopedFd(open(image.c_str(), O_RDONLY | O_CLOEXEC));
        struct stat status {};
        if (!file || fstat(file.get(), &status) != 0 || static_cast<u64>(status.st_size) < bytes)
            throw std::runtime_error(image + " cannot be read, or is too small");
    }
    int flags = MAP_PRIVATE | MAP_NORESERVE | (image.empty() ? MAP_ANONYMOUS : 0);
    int descriptor = image.empty() ? -1 : file.get();
    void* view = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, descriptor, 0);
    if (view == MAP_FAILED) throw std::runtime_error("a disk of the tests cannot be mapped");
    begin_ = static_cast<u8*>(view);
}

DiskBytes::~DiskBytes() { munmap(begin_, bytes_); }

std::span<u8> DiskBytes::range(u64 offset, u64 count) const {
    VMFT_CHECK(offset <= bytes_ && count <= bytes_ - offset);
    return {begin_ + offset, count};
}

}  // namespace vmft::test
