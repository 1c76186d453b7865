#include "device/virtio_net.h"

#include <algorithm>
#include <cstring>

#include "base/limits.h"

namespace vmft {

namespace {

struct NetHeader {  // virtio 1.2, 5.1.6
    u8 flags;
    u8 offload;
    u16 header_bytes;
    u16 offload_size;
    u16 checksum_start;
    u16 checksum_offset;
    u16 buffers;
};
static_assert(sizeof(NetHeader) == VirtioNet::header_bytes);

constexpr u8 flag_needs_checksum = 1;
constexpr u8 offload_none = 0;
constexpr u16 status_link_up = 1;

/// Whether the frame behind this header can be sent as it stands. Unknown flags are ignored
/// (5.1.6.2).
bool is_sendable(const NetHeader& header) {
    return header.offload == offload_none && !(header.flags & flag_needs_checksum);
}

/// The header of a complete frame that fills `buffers` receive buffers.
NetHeader received_header(u16 buffers) {
    NetHeader header{};
    header.offload = offload_none;
    header.buffers = buffers;
    return header;
}

bool is_frame_size(u64 bytes) {
    return bytes >= limits::net_frame_bytes_min && bytes <= limits::net_frame_bytes_max;
}

}  // namespace

VirtioNet::VirtioNet(GuestMemory& memory, const MacAddress& mac, OutputSink& sink)
    : VirtioDevice(memory, device_id, feature_mac | feature_status | feature_mergeable_buffers,
                   {queue_size_max, queue_size_max}),
      sink_(sink) {
    std::copy(mac.begin(), mac.end(), config_.begin());
    config_[6] = static_cast<u8>(status_link_up);
}

void VirtioNet::queue_notified(size_t index) {
    if (index == transmit_queue) return transmit_available();
    // Buffers posted while others wait need no notice: `receive` finds them by itself.
    VirtioQueue& posted = queue(receive_queue);
    posted.want_notification(posted.waiting() == 0);
    settle(posted);
}

void VirtioNet::transmit_available() {
    VirtioQueue& frames = queue(transmit_queue);
    // As many as the ring holds and no more: a guest could aim our own used ring at its available
    // index.
    for (u32 i = 0; i < frames.setup().size && frames.take_readable(transmit_chain_); i++) {
        transmit(transmit_chain_);
        frames.give_back(transmit_chain_.head(), 0);
    }
    frames.want_notification(true);
    settle(frames);
}

void VirtioNet::transmit(const VirtioChain& chain) {
    NetHeader header{};
    u64 got = chain.read(memory(), 0, {reinterpret_cast<u8*>(&header), sizeof header});
    if (got < sizeof header || !is_sendable(header) ||
        !is_frame_size(chain.readable_bytes() - header_bytes)) {
        counters_.sent_malformed++;
        return;
    }
    std::span<const u8> frame = chain.readable_in_place(memory(), header_bytes);
    if (frame.empty()) {
        gathered_frame_.resize(chain.readable_bytes() - header_bytes);
        chain.read(memory(), header_bytes, gathered_frame_);
        frame = gathered_frame_;
    }
    counters_.sent++;
    sink_.emit(OutputKind::net_frame, frame);
}

/// Takes receive buffers until they hold `bytes`; else takes none, or the queue has stopped.
bool VirtioNet::take_room(VirtioQueue& queue, u64 bytes, u16& chains) {
    u64 room = 0;
    u32 chains_max = negotiated(feature_mergeable_buffers) ? queue.setup().size : 1;
    for (chains = 0; room < bytes && chains < chains_max; chains++) {
        if (receive_chains_.size() <= chains) receive_chains_.emplace_back();
        VirtioChain& chain = receive_chains_[chains];
        if (!queue.take_writable(chain, header_bytes)) break;
        room += chain.writable_bytes();
    }
    if (room >= bytes) return true;
    queue.put_back(chains);
    return false;
}

void VirtioNet::receive(std::span<const u8> frame) {
    if (!is_frame_size(frame.size())) {
        counters_.received_malformed++;
        return;
    }
    VirtioQueue& buffers = queue(receive_queue);
    u16 chains = 0;
    if (!driver_ready() || !buffers.usable() ||
        !take_room(buffers, header_bytes + frame.size(), chains)) {
        counters_.received_without_room++;
        if (driver_ready()) {
            buffers.want_notification(true);
            settle(buffers);
        }
        return;
    }
    NetHeader header = received_header(chains);
    u64 done = 0;
    for (u16 i = 0; i < chains; i++) {
        const VirtioChain& chain = receive_chains_[i];
        u64 offset = i == 0 ? header_bytes : 0;
        if (i == 0) chain.write(memory(), 0, {reinterpret_cast<const u8*>(&header), sizeof header});
        u64 copied = chain.write(memory(), offset, frame.subspan(done));
        done += copied;
        buffers.give_back(chain.head(), static_cast<u32>(offset + copied));
    }
    counters_.received++;
    buffers.want_notification(buffers.waiting() == 0);
    settle(buffers);
}

void VirtioNet::save_own(StateWriter& state) const {
    state.put_bytes(config_);
    state.put(counters_.sent);
    state.put(counters_.received);
    state.put(counters_.sent_malformed);
    state.put(counters_.received_malformed);
    state.put(counters_.received_without_room);
}

void VirtioNet::restore_own(StateReader& state) {
    state.get_bytes(config_);
    state.get(counters_.sent);
    state.get(counters_.received);
    state.get(counters_.sent_malformed);
    state.get(counters_.received_malformed);
    state.get(counters_.received_without_room);
}

}  // namespace vmft
