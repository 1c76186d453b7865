#include "world/disk/disk_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <future>

#include "base/scoped_fd.h"
#include "test.h"

namespace vmft::test {

DiskFile::DiskFile(u64 bytes) {
    const char* base = std::getenv("TMPDIR");
    folder_ = std::string(base ? base : "/tmp") + "/vmft-disk-XXXXXX";
    if (!mkdtemp(folder_.data())) std::abort();
    path_ = folder_ + "/disk";
    ScopedFd fd(open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd || ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) std::abort();
}

DiskFile::~DiskFile() {
    unlink(path_.c_str());
    rmdir(folder_.c_str());
}

DiskResult transfer(DiskBackend& disk, DiskTransfer transfer) {
    auto ended = std::make_shared<std::promise<DiskResult>>();
    disk.submit(std::move(transfer),
                [ended](DiskResult&& result) { ended->set_value(std::move(result)); });
    return ended->get_future().get();
}

std::vector<u8> read(DiskBackend& disk, u64 offset_bytes, u64 bytes) {
    return transfer(disk, {DiskOperation::read, offset_bytes, bytes, {}, false}).data;
}

bool write(DiskBackend& disk, u64 offset_bytes, std::vector<u8> data) {
    u64 bytes = data.size();
    DiskTransfer written{DiskOperation::write, offset_bytes, bytes, std::move(data), false};
    return transfer(disk, std::move(written)).status == DiskStatus::ok;
}

bool flush(DiskBackend& disk) {
    return transfer(disk, {DiskOperation::flush, 0, 0, {}, false}).status == DiskStatus::ok;
}

bool clear(DiskBackend& disk, DiskOperation operation, u64 offset_bytes, u64 bytes) {
    return transfer(disk, {operation, offset_bytes, bytes, {}, true}).status == DiskStatus::ok;
}

}  // namespace vmft::test
