#include "world/disk/file_open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/limits.h"
#include "world/disk/disk_fault.h"
#include "world/disk/reserved_area.h"

namespace vmft {
namespace {

std::string error_text(int error) { return std::strerror(error); }

[[noreturn]] void refuse(const std::string& message, std::string what_to_do = {}) {
    throw DiskFault("disk-unusable", message, std::move(what_to_do));
}

[[noreturn]] void refuse_open(const std::string& url, int error, bool read_only) {
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENXIO:
    case ENODEV:
        refuse(url + " is not there on this host: " + error_text(error),
               "make it (truncate -s 1G FILE), or name the disk as this host sees it");
    case EROFS:
        refuse(url + " is read-only on this host", "name it with ,readonly, or make it writable");
    case EACCES:
    case EPERM:
        refuse("no permission to " + std::string(read_only ? "read " : "write ") + url,
               read_only ? "give this user permission"
                         : "give this user permission, or name it with ,readonly");
    case ETXTBSY: refuse(url + " is a program that runs, or a swap file");
    default: refuse(url + " cannot be opened: " + error_text(error));
    }
}

/// What can be direct is found by trying: kernels and file systems differ in what they say of
/// themselves. 0: not at all.
u32 direct_block_bytes(int fd) {
    struct Free {
        void operator()(void* bytes) const { std::free(bytes); }
    };
    std::unique_ptr<void, Free> buffer(std::aligned_alloc(page_bytes, page_bytes));
    if (!buffer) throw std::bad_alloc();
    for (u32 bytes : {512u, 4096u})
        if (pread(fd, buffer.get(), bytes, bytes) == static_cast<ssize_t>(bytes)) return bytes;
    return 0;
}

/// A block device that this host has mounted, or made part of another, is not a guest's.
void refuse_mounted(const std::string& url, const std::string& path) {
    ScopedFd exclusive(::open(path.c_str(), O_RDONLY | O_EXCL | O_CLOEXEC));
    if (!exclusive && errno == EBUSY)
        throw DiskFault("disk-in-use",
                        url + " is in use by this host: mounted, or part of a volume",
                        "unmount it, or name another disk");
}

u64 size_of(const std::string& url, int fd, const struct stat& status) {
    if (S_ISREG(status.st_mode)) return static_cast<u64>(status.st_size);
    u64 bytes = 0;
    if (ioctl(fd, BLKGETSIZE64, &bytes) != 0)
        refuse("the size of " + url + " cannot be read: " + error_text(errno));
    return bytes;
}

bool write_protected(int fd) {
    int protected_by_device = 0;
    return ioctl(fd, BLKROGET, &protected_by_device) == 0 && protected_by_device != 0;
}

}  // namespace

OpenedFile open_disk_file(const std::string& url, const std::string& path,
                          const DiskOptions& options) {
    int flags = (options.read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) refuse_open(url, errno, options.read_only);
    OpenedFile file;
    file.block_device = S_ISBLK(status.st_mode);
    if (!S_ISREG(status.st_mode) && !file.block_device)
        refuse(url + " is neither a file nor a block device", "name the disk's image or device");
    if (file.block_device && !options.read_only) refuse_mounted(url, path);

    bool direct = options.shared;
    ScopedFd fd(::open(path.c_str(), flags | (direct ? O_DIRECT : 0)));
    if (!fd && direct && errno == EINVAL) {
        direct = false;
        fd.reset(::open(path.c_str(), flags | O_DSYNC));
    }
    if (!fd) refuse_open(url, errno, options.read_only);
    if (fstat(fd.get(), &status) != 0) refuse_open(url, errno, options.read_only);
    if (file.block_device && !options.read_only && write_protected(fd.get()))
        refuse_open(url, EROFS, false);

    u64 disk_bytes = size_of(url, fd.get(), status);
    file.geometry.read_only = options.read_only;
    // Refuses an odd or small size before anything is read.
    u64 reserved = reserved_offset(url, disk_bytes, file.geometry.block_bytes);
    if (direct) {
        u32 block_bytes = direct_block_bytes(fd.get());
        if (block_bytes == 0) {
            direct = false;
            fd.reset(::open(path.c_str(), flags | O_DSYNC));
            if (!fd) refuse_open(url, errno, options.read_only);
        } else {
            file.geometry.block_bytes = block_bytes;
            reserved = reserved_offset(url, disk_bytes, block_bytes);
        }
    }
    file.geometry.capacity_bytes = reserved;
    file.access = FileAccess(std::move(fd), file.block_device, direct);

    std::vector<u8> area(limits::disk_reserved_bytes);
    if (int error = file.access.read(reserved, area))
        refuse(url + " cannot be read: " + error_text(error));
    check_reserved_area(url, area, file.geometry.block_bytes);
    return file;
}

}  // namespace vmft
