#pragma once

#include <mutex>

#include "world/disk/disk_fault.h"
#include "world/disk/file_access.h"
#include "world/disk/opened_disk.h"
#include "world/disk/worker_pool.h"

namespace vmft {

/// A raw file or a block device.
///
/// A shared one is written past the host's page cache (O_DIRECT): what another host reads has to be
/// what this one wrote, and a write that this host's crash takes back was never done. Where the
/// file system cannot do that, O_DSYNC at least carries each write to the storage. A private one
/// has no other reader: the page cache serves it, and a flush is fdatasync.
class FileDisk final : public OpenedDisk {
public:
    /// Throws DiskFault.
    FileDisk(const std::string& url, const std::string& path, const DiskOptions& options);

    DiskGeometry geometry() const override { return geometry_; }
    void submit(DiskTransfer&& transfer, Done done) override;
    std::string claim(const std::atomic<bool>& cancel) override;
    std::string trouble() const override;

    Kind kind() const override { return kind_; }
    const std::string& url() const override { return url_; }
    bool supports_compare_and_write() const override { return !geometry_.read_only; }
    void read_reserved(u32 index, ReservedDone done) override;
    void compare_and_write(u32 index, std::vector<u8> expected, std::vector<u8> desired,
                           ReservedDone done) override;
    void next_data(u64 offset_bytes, NextDataDone done) override;
    bool busy() const override { return workers_.unfinished() > 0; }

private:
    int perform(const DiskTransfer& transfer, DiskResult& result) const;
    ReservedResult compare_and_write_locked(u64 offset, const std::vector<u8>& expected,
                                            const std::vector<u8>& desired);
    std::optional<Range> data_from(u64 offset_bytes) const;
    u64 reserved_block(u32 index) const;
    std::string fault(const char* what, int error) const;

    std::string url_;
    bool shared_;
    Kind kind_ = Kind::file;
    DiskGeometry geometry_;
    FileAccess access_;
    std::mutex compare_mutex_;  ///< Threads of one process share its byte locks.
    std::atomic<bool> claim_waits_{false};
    WorkerPool workers_;  ///< Last: its threads use all of the above.
};

}  // namespace vmft
