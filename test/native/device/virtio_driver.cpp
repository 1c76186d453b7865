#include "device/virtio_driver.h"

namespace vmft::test {

u64 VirtioDriver::device_features() {
    set(virtio_mmio::device_features_select, 1);
    u64 features = u64{get(virtio_mmio::device_features)} << 32;
    set(virtio_mmio::device_features_select, 0);
    return features | get(virtio_mmio::device_features);
}

bool VirtioDriver::negotiate(u64 features) {
    features_ = features | virtio_feature::version_1;
    queues_.clear();
    set(virtio_mmio::status, 0);
    set(virtio_mmio::status, virtio_status::acknowledge);
    set(virtio_mmio::status, virtio_status::acknowledge | virtio_status::driver);
    set(virtio_mmio::driver_features_select, 1);
    set(virtio_mmio::driver_features, static_cast<u32>(features_ >> 32));
    set(virtio_mmio::driver_features_select, 0);
    set(virtio_mmio::driver_features, static_cast<u32>(features_));
    set(virtio_mmio::status, get(virtio_mmio::status) | virtio_status::features_ok);
    return (get(virtio_mmio::status) & virtio_status::features_ok) != 0;
}

VirtioDriver::Queue& VirtioDriver::add_queue(u16 index, u16 size) {
    Queue& queue = queues_[index] = {};
    queue.index = index;
    queue.size = size;
    queue.descriptors = allocate(16 * size, 4096);
    queue.available = allocate(6 + 2 * size, 4096);
    queue.used = allocate(6 + 8 * size, 4096);
    for (u16 i = size; i > 0; i--) queue.free.push_back(static_cast<u16>(i - 1));
    set(virtio_mmio::queue_select, index);
    set(virtio_mmio::queue_size, size);
    set(virtio_mmio::queue_descriptors_low, static_cast<u32>(queue.descriptors));
    set(virtio_mmio::queue_descriptors_high, static_cast<u32>(queue.descriptors >> 32));
    set(virtio_mmio::queue_available_low, static_cast<u32>(queue.available));
    set(virtio_mmio::queue_available_high, static_cast<u32>(queue.available >> 32));
    set(virtio_mmio::queue_used_low, static_cast<u32>(queue.used));
    set(virtio_mmio::queue_used_high, static_cast<u32>(queue.used >> 32));
    set(virtio_mmio::queue_ready, 1);
    return queue;
}

u64 VirtioDriver::allocate(u64 bytes, u64 alignment) {
    u64 address = (next_address_ + alignment - 1) & ~(alignment - 1);
    next_address_ = address + bytes;
    return address;
}

VirtioDriver::Buffer VirtioDriver::text(std::string_view bytes) {
    Buffer buffer{allocate(bytes.size()), static_cast<u32>(bytes.size()), false};
    memory_.write(buffer.address, {reinterpret_cast<const u8*>(bytes.data()), bytes.size()});
    return buffer;
}

std::vector<u8> VirtioDriver::bytes_of(const Buffer& buffer) const {
    std::vector<u8> bytes(buffer.bytes);
    memory_.read(buffer.address, bytes);
    return bytes;
}

void VirtioDriver::write_descriptor(u64 table, u16 index, u64 address, u32 bytes, u16 flags,
                                    u16 next) {
    poke<u64>(table + 16 * index, address);
    poke<u32>(table + 16 * index + 8, bytes);
    poke<u16>(table + 16 * index + 12, flags);
    poke<u16>(table + 16 * index + 14, next);
}

u16 VirtioDriver::add(Queue& queue, std::span<const Buffer> buffers, bool indirect) {
    std::vector<u16> indices;
    if (indirect) {
        u64 table = allocate(16 * buffers.size());
        for (u16 i = 0; i < buffers.size(); i++) {
            u16 flags =
                static_cast<u16>((i + 1u < buffers.size() ? 1 : 0) | (buffers[i].writable ? 2 : 0));
            write_descriptor(table, i, buffers[i].address, buffers[i].bytes, flags,
                             static_cast<u16>(i + 1));
        }
        indices.push_back(queue.free.back());
        queue.free.pop_back();
        write_descriptor(queue.descriptors, indices[0], table,
                         static_cast<u32>(16 * buffers.size()), 4, 0);
    } else {
        for (size_t i = 0; i < buffers.size(); i++) {
            indices.push_back(queue.free.back());
            queue.free.pop_back();
        }
        for (size_t i = 0; i < buffers.size(); i++) {
            bool last = i + 1 == buffers.size();
            write_descriptor(queue.descriptors, indices[i], buffers[i].address, buffers[i].bytes,
                             static_cast<u16>((last ? 0 : 1) | (buffers[i].writable ? 2 : 0)),
                             last ? 0 : indices[i + 1]);
        }
    }
    u16 head = indices[0];
    queue.chains[head] = indices;
    poke<u16>(queue.available + 4 + 2 * (queue.next_available % queue.size), head);
    queue.next_available++;
    poke<u16>(queue.available + 2, queue.next_available);
    return head;
}

bool VirtioDriver::kick(Queue& queue) {
    bool wanted;
    if (features_ & virtio_feature::ring_event_index) {
        u16 event = peek<u16>(queue.used + 4 + 8 * queue.size);
        wanted = static_cast<u16>(queue.next_available - event - 1) <
                 static_cast<u16>(queue.next_available - queue.kicked);
    } else {
        wanted = !(peek<u16>(queue.used) & 1);
    }
    queue.kicked = queue.next_available;
    if (wanted) set(virtio_mmio::queue_notify, queue.index);
    return wanted;
}

std::optional<VirtioDriver::Used> VirtioDriver::harvest(Queue& queue) {
    if (peek<u16>(queue.used + 2) == queue.next_used) return std::nullopt;
    u64 element = queue.used + 4 + 8 * (queue.next_used % queue.size);
    Used used{static_cast<u16>(peek<u32>(element)), peek<u32>(element + 4)};
    queue.next_used++;
    for (u16 index : queue.chains[used.head]) queue.free.push_back(index);
    queue.chains.erase(used.head);
    return used;
}

void VirtioDriver::want_interrupt(Queue& queue, bool wanted) {
    if (features_ & virtio_feature::ring_event_index)
        poke<u16>(queue.available + 4 + 2 * queue.size,
                  static_cast<u16>(wanted ? queue.next_used : queue.next_used - 1));
    else
        poke<u16>(queue.available, wanted ? 0 : 1);
}

u32 VirtioDriver::take_interrupt() {
    u32 status = get(virtio_mmio::interrupt_status);
    set(virtio_mmio::interrupt_acknowledge, status);
    return status;
}

}  // namespace vmft::test
