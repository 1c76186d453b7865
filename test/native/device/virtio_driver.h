#pragma once

#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "device/virtio_mmio.h"
#include "machine/guest_memory.h"

namespace vmft::test {

/// The driver's side of a virtio-mmio slot, as Linux drives it: the order of status bits,
/// a free list of descriptors, kicks by event index, notifications switched off and on.
class VirtioDriver {
public:
    struct Buffer {
        u64 address = 0;
        u32 bytes = 0;
        bool writable = false;
    };
    struct Used {
        u16 head = 0;
        u32 bytes_written = 0;
        bool operator==(const Used&) const = default;
    };
    struct Queue {
        u16 index = 0, size = 0;
        u64 descriptors = 0, available = 0, used = 0;
        u16 next_available = 0, kicked = 0, next_used = 0;
        std::vector<u16> free;
        std::map<u16, std::vector<u16>> chains;
    };

    /// Takes guest memory from `first_free` on.
    VirtioDriver(GuestMemory& memory, Device& slot, u64 first_free = 0x10000)
        : memory_(memory), slot_(slot), next_address_(first_free) {}

    u32 get(u64 offset) { return static_cast<u32>(slot_.read(offset, 4)); }
    void set(u64 offset, u32 value) { slot_.write(offset, 4, value); }

    u64 device_features();
    /// Reset, acknowledge, negotiate; false when the device refuses. `features` without version_1
    /// gets it.
    bool negotiate(u64 features);
    Queue& add_queue(u16 index, u16 size);
    void set_ready() {
        set(virtio_mmio::status, get(virtio_mmio::status) | virtio_status::driver_ok);
    }

    u64 allocate(u64 bytes, u64 alignment = 16);
    Buffer text(std::string_view bytes);
    Buffer room(u32 bytes) { return {allocate(bytes), bytes, true}; }
    std::vector<u8> bytes_of(const Buffer& buffer) const;

    /// Makes a chain available without a notification; its head.
    u16 add(Queue& queue, std::span<const Buffer> buffers, bool indirect = false);
    u16 add(Queue& queue, std::initializer_list<Buffer> buffers, bool indirect = false) {
        return add(queue, std::span<const Buffer>(buffers.begin(), buffers.size()), indirect);
    }
    /// Notifies if the device asks for it; whether it did.
    bool kick(Queue& queue);
    std::optional<Used> harvest(Queue& queue);
    /// As virtqueue_enable_cb (true) and virtqueue_disable_cb.
    void want_interrupt(Queue& queue, bool wanted);
    /// Reads and acknowledges InterruptStatus.
    u32 take_interrupt();

    template <typename T>
    T peek(u64 address) const {
        T value{};
        memory_.read_value(address, value);
        return value;
    }
    template <typename T>
    void poke(u64 address, T value) {
        memory_.write_value(address, value);
    }
    void write_descriptor(u64 table, u16 index, u64 address, u32 bytes, u16 flags, u16 next);

private:
    GuestMemory& memory_;
    Device& slot_;
    u64 next_address_;
    u64 features_ = 0;
    std::map<u16, Queue> queues_;
};

}  // namespace vmft::test
