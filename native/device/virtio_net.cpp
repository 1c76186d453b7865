#include "device/virtio_net.h"

#include <algorithm>
#include <cstring>

#include "base/limits.h"
#include "base/tcp_frame.h"

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
constexpr u8 offload_none = 0, offload_tcp4 = 1;
/// Which a driver with mergeable buffers posts: they hold a usual frame each.
constexpr u32 buffers_of_largest_frame = 48;
constexpr u16 status_link_up = 1;

bool is_frame_size(u64 bytes) {
    return bytes >= limits::net_frame_bytes_min && bytes <= limits::net_frame_bytes_max;
}

}  // namespace

VirtioNet::VirtioNet(GuestMemory& memory, const MacAddress& mac, OutputSink& sink)
    : VirtioDevice(memory, device_id,
                   feature_checksum | feature_guest_checksum | feature_mac | feature_guest_tso4 |
                       feature_host_tso4 | feature_mergeable_buffers | feature_status,
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
    const bool needs_checksum = header.flags & flag_needs_checksum;
    const bool is_segment = header.offload == offload_tcp4;
    // Unknown flags are ignored (5.1.6.2).
    const bool is_understood = (!needs_checksum || negotiated(feature_checksum)) &&
                               (header.offload == offload_none ||
                                (is_segment && needs_checksum && negotiated(feature_host_tso4)));
    if (got < sizeof header || !is_understood ||
        !is_frame_size(chain.readable_bytes() - header_bytes)) {
        counters_.sent_malformed++;
        return;
    }
    std::span<const u8> frame = chain.readable_in_place(memory(), header_bytes);
    if (!frame.empty() && !needs_checksum && !is_large(frame)) {
        counters_.sent++;
        sink_.emit(OutputKind::net_frame, frame);
        return;
    }
    // What is changed is a copy: the guest may look at its own.
    gathered_frame_.resize(chain.readable_bytes() - header_bytes);
    chain.read(memory(), header_bytes, gathered_frame_);
    const bool sent = is_segment ? emit_segment(gathered_frame_, header.offload_size)
                                 : emit_frame(gathered_frame_, needs_checksum,
                                              header.checksum_start, header.checksum_offset);
    (sent ? counters_.sent : counters_.sent_malformed)++;
}

/// Of one packet, complete or without checksum.
bool VirtioNet::emit_frame(std::span<u8> frame, bool needs_checksum, size_t start, size_t offset) {
    if (const auto place = is_large(frame))
        set_segment_bytes(frame, *place, frame.size());
    else if (needs_checksum && !complete_checksum(frame, start, offset))
        return false;
    sink_.emit(OutputKind::net_frame, frame);
    return true;
}

/// Of several packets, which are cut up here where nobody else would know that they are several.
bool VirtioNet::emit_segment(std::span<u8> frame, u16 segment_bytes) {
    const auto place = find_tcp(frame);
    if (!place || segment_bytes == 0) return false;
    if (is_large(frame)) {
        set_segment_bytes(frame, *place, segment_bytes);
        sink_.emit(OutputKind::net_frame, frame);
    } else {
        cut_up(frame, *place, segment_bytes,
               [this](std::span<const u8> packet) { sink_.emit(OutputKind::net_frame, packet); });
    }
    return true;
}

u32 VirtioNet::buffers_wanted() const {
    if (!negotiated(feature_guest_tso4) || !negotiated(feature_mergeable_buffers)) return 1;
    return std::min(buffers_of_largest_frame, u32{queue(receive_queue).setup().size} / 2);
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

/// A frame as the driver gets it.
struct VirtioNet::Received {
    NetHeader header{};
    std::span<const u8> frame;
};

/// False: of a size no frame has, or larger than the driver takes.
bool VirtioNet::prepare(std::span<const u8> frame, Received& received) {
    if (!is_frame_size(frame.size())) return false;
    received.frame = frame;
    const auto place = is_large(frame);
    if (!place) return true;
    const u16 segment_bytes = get_segment_bytes(frame, *place);
    const bool is_segment = segment_bytes < frame.size() - place->data_at;
    if (is_segment && driver_ready() && !negotiated(feature_guest_tso4)) return false;
    gathered_frame_.assign(frame.begin(), frame.end());
    put_u16(gathered_frame_, place->checksum_at(), pseudo_header_sum(frame, *place));
    received.frame = gathered_frame_;
    if (!negotiated(feature_guest_checksum))
        return complete_checksum(gathered_frame_, place->tcp_at, TcpPlace::checksum_offset);
    received.header.flags = flag_needs_checksum;
    received.header.checksum_start = static_cast<u16>(place->tcp_at);
    received.header.checksum_offset = TcpPlace::checksum_offset;
    if (is_segment) {
        received.header.offload = offload_tcp4;
        received.header.offload_size = segment_bytes;
        received.header.header_bytes = static_cast<u16>(place->data_at);
    }
    return true;
}

void VirtioNet::receive(std::span<const u8> input) {
    Received received;
    if (!prepare(input, received)) {
        counters_.received_malformed++;
        return;
    }
    const std::span<const u8> frame = received.frame;
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
    NetHeader header = received.header;
    header.buffers = chains;
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
