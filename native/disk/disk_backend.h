#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "base/types.h"
#include "disk/disk_request.h"

namespace vmft {

struct DiskGeometry {
    u64 capacity_bytes = 0;  ///< What the guest sees: without the reserved area. Whole blocks.
    u32 block_bytes = 512;   ///< 512 or 4096: offsets and sizes are multiples of it.
    bool read_only = false;
};

struct DiskTransfer {
    DiskOperation operation = DiskOperation::read;
    u64 offset_bytes = 0, bytes = 0;
    std::vector<u8> data;  ///< Of a write.
    bool may_unmap = false;
};

struct DiskResult {
    DiskStatus status = DiskStatus::ok;
    std::vector<u8> data;  ///< Of a read that went well: all of it.
};

/// Where a disk's bytes are. Implementations are in native/world/disk; tests have their own.
///
/// A back end knows nothing of replicas and order: transfers under way may end in any order, and
/// overlapping ones are not given to it together (DiskQueue sees to that). What passes (no space
/// left, a server that does not answer) it tries again by itself, for as long as it takes, and
/// tells through `trouble`; only what the medium itself refuses (EIO) becomes an error of the
/// guest's.
class DiskBackend {
public:
    /// Transfers under way are waited for or given up; no `done` is called afterwards.
    virtual ~DiskBackend() = default;

    virtual DiskGeometry geometry() const = 0;

    using Done = std::function<void(DiskResult&&)>;
    /// Any thread; does not block. `done` is called once, on a thread of the back end's. A write
    /// that is done is seen by every later read, also another host's where the disk is shared; it
    /// survives the storage's own crash only when a flush begun after it is done.
    virtual void submit(DiskTransfer&& transfer, Done done) = 0;

    /// Makes sure that from now on nobody else writes, and that no write of a former holder arrives
    /// any more. Blocks for as long as that takes, or until `cancel` is raised. Empty when it went
    /// well, else one line. Idempotent.
    virtual std::string claim(const std::atomic<bool>& cancel) = 0;

    /// What keeps transfers from ending, in one line; empty when nothing does. Any thread.
    virtual std::string trouble() const { return {}; }
};

}  // namespace vmft
