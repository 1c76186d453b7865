#include "device/virtio_blk_request.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"

namespace vmft {
namespace {

struct Header {  // virtio 1.2, 5.2.6
    u32 type;
    u32 reserved;
    u64 sector;
};
static_assert(sizeof(Header) == 16);

struct Range {  // Of DISCARD and WRITE_ZEROES.
    u64 sector;
    u32 sectors;
    u32 flags;
};
static_assert(sizeof(Range) == 16);

constexpr u32 type_in = 0;
constexpr u32 type_out = 1;
constexpr u32 type_flush = 4;
constexpr u32 type_get_id = 8;
constexpr u32 type_discard = 11;
constexpr u32 type_write_zeroes = 13;

constexpr u32 range_flag_unmap = 1;
constexpr u64 sector_bytes = 512;  // Whatever the block size.
constexpr u64 status_bytes = 1;

/// More than one chain can have: a whole ring, and a whole indirect table behind it.
constexpr u32 segments_max = 2 * limits::virtqueue_indirect_max;

u64 sectors_of(const DiskConfig& disk) { return disk.capacity_bytes / sector_bytes; }

/// Cuts [offset, offset + bytes) out of `parts`. Neighbours become one, so that the state is small.
void cut(std::span<const VirtioSegment> parts, u64 offset, u64 bytes,
         std::vector<VirtioSegment>& into) {
    into.clear();
    for (const VirtioSegment& part : parts) {
        if (bytes == 0) break;
        if (offset >= part.bytes) {
            offset -= part.bytes;
            continue;
        }
        u64 address = part.address + offset;
        u32 count = static_cast<u32>(std::min<u64>(part.bytes - offset, bytes));
        if (!into.empty() && into.back().address + into.back().bytes == address)
            into.back().bytes += count;
        else
            into.push_back({address, count});
        offset = 0;
        bytes -= count;
    }
    VMFT_CHECK(bytes == 0);
}

VirtioBlkVerdict check(const DiskConfig& disk, const VirtioBlkRequest& request) {
    return is_within_disk(disk, request.operation, request.offset_bytes, request.bytes)
               ? VirtioBlkVerdict::issue
               : VirtioBlkVerdict::io_error;
}

VirtioBlkVerdict parse_transfer(const VirtioChain& chain, const DiskConfig& disk, u64 sector,
                                VirtioBlkRequest& request) {
    bool reads = request.operation == DiskOperation::read;
    u64 given = chain.readable_bytes() - sizeof(Header);
    u64 taken = chain.writable_bytes() - status_bytes;
    request.bytes = reads ? taken : given;
    if ((reads ? given : taken) != 0 || sector > sectors_of(disk))
        return VirtioBlkVerdict::io_error;
    request.offset_bytes = sector * sector_bytes;
    if (VirtioBlkVerdict verdict = check(disk, request); verdict != VirtioBlkVerdict::issue)
        return verdict;
    if (reads)
        cut(chain.writable(), 0, request.bytes, request.segments);
    else
        cut(chain.readable(), sizeof(Header), request.bytes, request.segments);
    return VirtioBlkVerdict::issue;
}

VirtioBlkVerdict parse_range(const VirtioChain& chain, const GuestMemory& memory,
                             const DiskConfig& disk, VirtioBlkRequest& request) {
    Range range;
    // One range and no more: max_discard_seg and max_write_zeroes_seg.
    if (chain.readable_bytes() != sizeof(Header) + sizeof range ||
        chain.writable_bytes() != status_bytes)
        return VirtioBlkVerdict::io_error;
    chain.read(memory, sizeof(Header), {reinterpret_cast<u8*>(&range), sizeof range});
    bool discards = request.operation == DiskOperation::discard;
    if (range.flags & ~(discards ? 0 : range_flag_unmap)) return VirtioBlkVerdict::unsupported;
    if (range.sector > sectors_of(disk)) return VirtioBlkVerdict::io_error;
    request.offset_bytes = range.sector * sector_bytes;
    request.bytes = range.sectors * sector_bytes;
    request.may_unmap = (range.flags & range_flag_unmap) != 0;
    return check(disk, request);
}

}  // namespace

bool is_within_disk(const DiskConfig& disk, DiskOperation operation, u64 offset_bytes, u64 bytes) {
    u64 bytes_max = 0;
    switch (operation) {
    case DiskOperation::flush: return offset_bytes == 0 && bytes == 0;
    case DiskOperation::read:
    case DiskOperation::write: bytes_max = limits::disk_request_bytes_max; break;
    case DiskOperation::discard: bytes_max = limits::disk_discard_bytes_max; break;
    case DiskOperation::write_zeroes: bytes_max = limits::disk_write_zeroes_bytes_max; break;
    }
    if (disk.read_only && operation != DiskOperation::read) return false;
    return bytes != 0 && bytes <= bytes_max && offset_bytes % disk.block_bytes == 0 &&
           bytes % disk.block_bytes == 0 && offset_bytes <= disk.capacity_bytes &&
           bytes <= disk.capacity_bytes - offset_bytes;
}

VirtioBlkVerdict parse_virtio_blk(const VirtioChain& chain, const GuestMemory& memory,
                                  const DiskConfig& disk, u64 features, VirtioBlkRequest& request) {
    Header header;
    if (chain.readable_bytes() < sizeof header || chain.writable_bytes() < status_bytes)
        return VirtioBlkVerdict::malformed;
    chain.read(memory, 0, {reinterpret_cast<u8*>(&header), sizeof header});
    request.head = chain.head();
    request.writable_bytes = static_cast<u32>(chain.writable_bytes());
    cut(chain.writable(), chain.writable_bytes() - status_bytes, status_bytes, request.segments);
    request.status_address = request.segments[0].address;
    request.segments.clear();

    switch (header.type) {
    case type_in:
        request.operation = DiskOperation::read;
        return parse_transfer(chain, disk, header.sector, request);
    case type_out:
        request.operation = DiskOperation::write;
        return parse_transfer(chain, disk, header.sector, request);
    case type_flush:
        request.operation = DiskOperation::flush;
        return features & virtio_blk_feature::flush ? VirtioBlkVerdict::issue
                                                    : VirtioBlkVerdict::unsupported;
    case type_discard:
        request.operation = DiskOperation::discard;
        return features & virtio_blk_feature::discard ? parse_range(chain, memory, disk, request)
                                                      : VirtioBlkVerdict::unsupported;
    case type_write_zeroes:
        request.operation = DiskOperation::write_zeroes;
        return features & virtio_blk_feature::write_zeroes
                   ? parse_range(chain, memory, disk, request)
                   : VirtioBlkVerdict::unsupported;
    case type_get_id: return VirtioBlkVerdict::identify;
    default: return VirtioBlkVerdict::unsupported;
    }
}

bool needs_gate(const DiskConfig& disk, const VirtioBlkRequest& request) {
    return disk.shared && request.operation != DiskOperation::read;
}

std::vector<u8> VirtioBlkRequest::gather(const GuestMemory& memory) const {
    std::vector<u8> data(bytes);
    u64 done = 0;
    for (const VirtioSegment& segment : segments) {
        VMFT_CHECK(memory.read(segment.address, std::span(data).subspan(done, segment.bytes)));
        done += segment.bytes;
    }
    return data;
}

void VirtioBlkRequest::scatter(GuestMemory& memory, std::span<const u8> data) const {
    u64 done = 0;
    for (const VirtioSegment& segment : segments) {
        VMFT_CHECK(memory.write(segment.address, data.subspan(done, segment.bytes)));
        done += segment.bytes;
    }
}

void VirtioBlkRequest::save(StateWriter& state) const {
    state.put(head);
    state.put(id);
    state.put(operation);
    state.put(offset_bytes);
    state.put(bytes);
    state.put(static_cast<u8>(may_unmap));
    state.put(output_sequence);
    state.put(status_address);
    state.put(writable_bytes);
    state.put(static_cast<u32>(segments.size()));
    for (const VirtioSegment& segment : segments) {
        state.put(segment.address);
        state.put(segment.bytes);
    }
}

void VirtioBlkRequest::restore(StateReader& state, const GuestMemory& memory,
                               const DiskConfig& disk) {
    state.get(head);
    state.get(id);
    u8 kind = state.get<u8>();
    state.get(offset_bytes);
    state.get(bytes);
    u8 unmap = state.get<u8>();
    state.get(output_sequence);
    state.get(status_address);
    state.get(writable_bytes);
    u32 count = state.get<u32>();
    bool sound = state.ok() && kind >= static_cast<u8>(DiskOperation::read) &&
                 kind <= static_cast<u8>(DiskOperation::write_zeroes) && unmap <= 1 &&
                 writable_bytes >= status_bytes && memory.contains(status_address, status_bytes) &&
                 count <= segments_max;
    if (!sound) return state.fail();
    operation = static_cast<DiskOperation>(kind);
    may_unmap = unmap == 1;
    segments.resize(count);
    u64 sum = 0;
    for (VirtioSegment& segment : segments) {
        state.get(segment.address);
        state.get(segment.bytes);
        sum += segment.bytes;
        if (!memory.contains(segment.address, segment.bytes)) return state.fail();
    }
    if (!is_within_disk(disk, operation, offset_bytes, bytes) || sum != data_bytes() ||
        (output_sequence != 0) != needs_gate(disk, *this) ||
        (may_unmap && operation != DiskOperation::write_zeroes))
        state.fail();
}

}  // namespace vmft
