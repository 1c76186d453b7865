#pragma once

#include <vector>

#include "base/types.h"

namespace vmft {

/// What a guest can ask of a disk; virtio-blk's GET_ID is answered by the device alone.
enum class DiskOperation : u8 { read = 1, write = 2, flush = 3, discard = 4, write_zeroes = 5 };

/// How a request ended, as the guest is told.
enum class DiskStatus : u8 { ok = 0, io_error = 1 };

/// One request of the guest, checked: it lies within the disk, on whole blocks, and the disk may be
/// written if it writes.
struct DiskRequest {
    u32 disk = 0;  ///< Index into MachineConfig::disks.
    u64 id = 0;  ///< 1, 2, 3, … per disk since the machine was created; the same on both replicas.
    DiskOperation operation = DiskOperation::read;
    u64 offset_bytes = 0;  ///< 0 for a flush, as is `bytes`.
    u64 bytes = 0;
    std::vector<u8> data;    ///< Of a write: `bytes` of them, as they were when the guest asked.
    bool may_unmap = false;  ///< Of write_zeroes.
    /// The output that this request is (Output::sequence): a request that changes or flushes a
    /// shared disk waits for the gate. 0: it is none.
    u64 output_sequence = 0;

    bool operator==(const DiskRequest&) const = default;
    bool changes() const {
        return operation != DiskOperation::read && operation != DiskOperation::flush;
    }
    bool overlaps(const DiskRequest& other) const {
        return offset_bytes < other.offset_bytes + other.bytes &&
               other.offset_bytes < offset_bytes + bytes;
    }
};

/// Takes what the machine asks of its disks, in order. Called on the vCPU thread from inside the
/// machine.
class DiskRequestListener {
public:
    virtual void requested(DiskRequest&& request) = 0;

protected:
    ~DiskRequestListener() = default;
};

}  // namespace vmft
