#pragma once

#include <span>
#include <vector>

#include "base/state_bytes.h"
#include "device/virtio_chain.h"
#include "disk/disk_request.h"
#include "machine/machine_config.h"

namespace vmft {

/// The status byte at the end of a request (virtio 1.2, 5.2.6).
enum class VirtioBlkStatus : u8 { ok = 0, io_error = 1, unsupported = 2 };

/// Feature bits of a block device (5.2.3).
namespace virtio_blk_feature {
inline constexpr u64 segment_bytes_max = u64{1} << 1;
inline constexpr u64 segments_max = u64{1} << 2;
inline constexpr u64 read_only = u64{1} << 5;
inline constexpr u64 block_bytes = u64{1} << 6;
inline constexpr u64 flush = u64{1} << 9;
inline constexpr u64 discard = u64{1} << 13;
inline constexpr u64 write_zeroes = u64{1} << 14;
}  // namespace virtio_blk_feature

/// One request of the driver's, and where in guest memory its parts are.
struct VirtioBlkRequest {
    u16 head = 0;  ///< Of its chain.
    u64 id = 0;    ///< DiskRequest::id.
    DiskOperation operation = DiskOperation::read;
    u64 offset_bytes = 0;
    u64 bytes = 0;
    bool may_unmap = false;
    u64 output_sequence = 0;
    u64 status_address = 0;
    /// Of the writable part, status included: what the used ring tells, also where an error left
    /// the data as it was.
    u32 writable_bytes = 0;
    /// The data of a read or a write: `bytes` in all.
    std::vector<VirtioSegment> segments;

    /// Data that is in guest memory.
    bool has_data() const {
        return operation == DiskOperation::read || operation == DiskOperation::write;
    }
    u64 data_bytes() const { return has_data() ? bytes : 0; }
    /// What a write is to write; reads guest memory.
    std::vector<u8> gather(const GuestMemory& memory) const;
    /// Puts what was read into guest memory; `data` is `bytes` long.
    void scatter(GuestMemory& memory, std::span<const u8> data) const;

    void save(StateWriter& state) const;
    /// Total on any bytes: fails unless the request is one that `parse_virtio_blk` could have made
    /// for this disk.
    void restore(StateReader& state, const GuestMemory& memory, const DiskConfig& disk);
};

/// What becomes of a chain.
enum class VirtioBlkVerdict : u8 {
    issue,        ///< The disk is asked.
    identify,     ///< GET_ID: answered at once.
    io_error,     ///< Answered at once.
    unsupported,  ///< Answered at once.
    malformed,    ///< No whole header, or no room for a status: it cannot be answered.
};

/// Reads a chain as a request (5.2.6), however it is cut into descriptors (2.7.4.1). `features` are
/// those negotiated. But for `malformed`, fills in all that the answer needs; for `issue` all but
/// `id` and `output_sequence`.
VirtioBlkVerdict parse_virtio_blk(const VirtioChain& chain, const GuestMemory& memory,
                                  const DiskConfig& disk, u64 features, VirtioBlkRequest& request);

/// Whether it is an output: it changes or flushes a disk that others see.
bool needs_gate(const DiskConfig& disk, const VirtioBlkRequest& request);

/// Whether a request of this kind and extent may go to the disk.
bool is_within_disk(const DiskConfig& disk, DiskOperation operation, u64 offset_bytes, u64 bytes);

}  // namespace vmft
