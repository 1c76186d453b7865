#include "device/virtio_blk.h"

#include <algorithm>
#include <cstring>

#include "base/limits.h"

namespace vmft {
namespace {

constexpr u32 sector_bytes = 512;
/// Punching holes that are smaller than a page gains nothing.
constexpr u32 discard_alignment_bytes = 4096;

struct Config {  // virtio 1.2, 5.2.4
    u64 capacity_sectors;
    u32 segment_bytes_max;
    u32 segments_max;
    u8 geometry[4];
    u32 block_bytes;
    u8 topology[8];
    u8 write_back, unused_0;
    u16 queues;
    u32 discard_sectors_max;
    u32 discard_ranges_max;
    u32 discard_alignment_sectors;
    u32 write_zeroes_sectors_max;
    u32 write_zeroes_ranges_max;
    u8 write_zeroes_may_unmap, unused_1[3];
};
constexpr size_t config_bytes = 60;  // The struct is padded to 64.
static_assert(offsetof(Config, unused_1) + 3 == config_bytes);

static_assert(u64{VirtioBlk::segments_max} * VirtioBlk::segment_bytes_max <=
              limits::disk_request_bytes_max);

u64 features_of(const DiskConfig& disk) {
    using namespace virtio_blk_feature;
    u64 features = segment_bytes_max | segments_max | block_bytes;
    return features | (disk.read_only ? read_only : flush | discard | write_zeroes);
}

}  // namespace

VirtioBlk::VirtioBlk(GuestMemory& memory, u32 disk, const DiskConfig& config, DiskRequestSink& sink)
    : VirtioDevice(memory, device_id, features_of(config), {queue_size_max}), disk_(disk),
      disk_config_(config), sink_(sink) {
    Config space{};
    space.capacity_sectors = config.capacity_bytes / sector_bytes;
    space.segment_bytes_max = segment_bytes_max;
    space.segments_max = segments_max;
    space.block_bytes = config.block_bytes;
    space.queues = 1;
    if (!config.read_only) {
        space.discard_sectors_max = limits::disk_discard_bytes_max / sector_bytes;
        space.discard_ranges_max = 1;
        space.discard_alignment_sectors =
            std::max(config.block_bytes, discard_alignment_bytes) / sector_bytes;
        space.write_zeroes_sectors_max = limits::disk_write_zeroes_bytes_max / sector_bytes;
        space.write_zeroes_ranges_max = 1;
        space.write_zeroes_may_unmap = 1;
    }
    static_assert(sizeof config_ == config_bytes);
    std::memcpy(config_.data(), &space, config_bytes);
}

void VirtioBlk::queue_notified(size_t) { take_available(); }

void VirtioBlk::queue_disabled(size_t) { forget_pending(); }

void VirtioBlk::forget_pending() {
    pending_.clear();
    pending_data_bytes_ = 0;
}

bool VirtioBlk::is_pending(u16 head) const {
    return std::ranges::any_of(pending_, [&](const auto& each) { return each.head == head; });
}

/// Without flushes a driver takes a finished write for durable (5.2.6.2).
bool VirtioBlk::must_flush_after(const VirtioBlkRequest& request) const {
    return !negotiated(virtio_blk_feature::flush) &&
           (request.operation == DiskOperation::write ||
            request.operation == DiskOperation::write_zeroes);
}

void VirtioBlk::take_available() {
    VirtioQueue& requests = queue(request_queue);
    // What waits beyond the limit is taken when something has ended. And never more at once than
    // the ring holds: a guest could aim our own used ring at its available index.
    for (u32 i = 0; i < requests.setup().size &&
                    pending_data_bytes_ < limits::disk_pending_bytes_max && requests.take(chain_);
         i++) {
        if (is_pending(chain_.head())) {
            requests.stop(QueueFault::head_in_use);
            break;
        }
        VirtioBlkRequest request;
        switch (parse_virtio_blk(chain_, memory(), disk_config_, features(), request)) {
        case VirtioBlkVerdict::issue: issue(std::move(request)); break;
        case VirtioBlkVerdict::identify: {
            std::array<u8, serial_bytes> serial{};
            std::ranges::copy(std::span(disk_config_.serial)
                                  .first(std::min(disk_config_.serial.size(), serial_bytes)),
                              serial.begin());
            bool has_room = chain_.writable_bytes() > serial_bytes;
            if (has_room) chain_.write(memory(), 0, serial);
            answer(request, has_room ? VirtioBlkStatus::ok : VirtioBlkStatus::io_error);
            counters_.answered_at_once++;
            break;
        }
        case VirtioBlkVerdict::io_error:
            answer(request, VirtioBlkStatus::io_error);
            counters_.answered_at_once++;
            break;
        case VirtioBlkVerdict::unsupported:
            answer(request, VirtioBlkStatus::unsupported);
            counters_.answered_at_once++;
            break;
        case VirtioBlkVerdict::malformed: requests.stop(QueueFault::buffer_too_small); break;
        }
    }
    requests.want_notification(true);
    settle(requests);
}

DiskRequest VirtioBlk::asked(const VirtioBlkRequest& request) const {
    DiskRequest asked;
    asked.disk = disk_;
    asked.id = request.id;
    asked.operation = request.operation;
    asked.offset_bytes = request.offset_bytes;
    asked.bytes = request.bytes;
    if (request.operation == DiskOperation::write) asked.data = request.gather(memory());
    asked.may_unmap = request.may_unmap;
    asked.output_sequence = request.output_sequence;
    return asked;
}

void VirtioBlk::issue(VirtioBlkRequest&& request) {
    request.id = next_id_++;
    request.output_sequence = sink_.request(asked(request), needs_gate(disk_config_, request));
    pending_data_bytes_ += request.data_bytes();
    pending_.push_back(std::move(request));
}

void VirtioBlk::answer(const VirtioBlkRequest& request, VirtioBlkStatus status) {
    memory().write_value(request.status_address, status);
    queue(request_queue).give_back(request.head, request.writable_bytes);
}

void VirtioBlk::complete(u64 id, DiskStatus status, std::span<const u8> data) {
    auto found = std::ranges::lower_bound(pending_, id, {}, &VirtioBlkRequest::id);
    if (found == pending_.end() || found->id != id) {
        counters_.unknown_ends++;
        return;
    }
    VirtioBlkRequest request = std::move(*found);
    pending_.erase(found);
    pending_data_bytes_ -= request.data_bytes();
    bool reads = request.operation == DiskOperation::read;
    if (reads && status == DiskStatus::ok && data.size() != request.bytes) {
        counters_.malformed_ends++;
        status = DiskStatus::io_error;
    }
    if (!queue(request_queue).usable()) return;
    if (status == DiskStatus::ok && must_flush_after(request)) {
        request.operation = DiskOperation::flush;
        request.offset_bytes = request.bytes = 0;
        request.may_unmap = false;
        request.segments.clear();
        issue(std::move(request));
    } else {
        if (reads && status == DiskStatus::ok) request.scatter(memory(), data);
        answer(request, status == DiskStatus::ok ? VirtioBlkStatus::ok : VirtioBlkStatus::io_error);
    }
    take_available();
}

void VirtioBlk::repeat_pending() const {
    for (const VirtioBlkRequest& request : pending_) sink_.repeat(asked(request));
}

void VirtioBlk::save_own(StateWriter& state) const {
    state.put(next_id_);
    state.put(counters_.answered_at_once);
    state.put(counters_.unknown_ends);
    state.put(counters_.malformed_ends);
    state.put(static_cast<u32>(pending_.size()));
    for (const VirtioBlkRequest& request : pending_) request.save(state);
}

void VirtioBlk::restore_own(StateReader& state) {
    forget_pending();
    state.get(next_id_);
    state.get(counters_.answered_at_once);
    state.get(counters_.unknown_ends);
    state.get(counters_.malformed_ends);
    u32 count = state.get<u32>();
    const VirtioQueue& requests = queue(request_queue);
    if (next_id_ == 0 || count > queue_size_max ||
        (count > 0 && (!driver_ready() || !requests.enabled())))
        state.fail();
    u64 id_before = 0;
    for (u32 i = 0; i < count && state.ok(); i++) {
        VirtioBlkRequest request;
        request.restore(state, memory(), disk_config_);
        if (request.id <= id_before || request.id >= next_id_ ||
            request.head >= requests.setup().size || is_pending(request.head))
            state.fail();
        id_before = request.id;
        pending_data_bytes_ += request.data_bytes();
        pending_.push_back(std::move(request));
    }
    if (!state.ok()) forget_pending();
}

}  // namespace vmft
