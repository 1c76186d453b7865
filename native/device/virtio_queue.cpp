#include "device/virtio_queue.h"

#include <bit>
#include <limits>

#include "base/check.h"
#include "base/limits.h"

namespace vmft {

namespace {

struct Descriptor {  // virtio 1.2, 2.7.5
    u64 address;
    u32 bytes;
    u16 flags;
    u16 next;
};
static_assert(sizeof(Descriptor) == 16);

constexpr u16 flag_next = 1;
constexpr u16 flag_write = 2;
constexpr u16 flag_indirect = 4;

constexpr u16 available_no_interrupt = 1;
constexpr u16 used_no_notify = 1;

// Layout of the rings (2.7.6, 2.7.8): flags, index, elements, and the other side's event index.
constexpr u64 ring_index = 2;
constexpr u64 ring_elements = 4;
constexpr u64 available_element_bytes = 2;
constexpr u64 used_element_bytes = 8;
constexpr u64 ring_edge_bytes = 6;

/// Whether moving from `before` to `after` passes `event` (2.7.10).
bool passes_event(u16 event, u16 after, u16 before) {
    return static_cast<u16>(after - event - 1) < static_cast<u16>(after - before);
}

}  // namespace

const char* queue_fault_name(QueueFault fault) {
    switch (fault) {
    case QueueFault::none: return "none";
    case QueueFault::bad_size: return "bad size";
    case QueueFault::bad_ring: return "bad ring address";
    case QueueFault::index_jump: return "available index jumped";
    case QueueFault::bad_head: return "head out of range";
    case QueueFault::bad_next: return "next out of range";
    case QueueFault::chain_too_long: return "chain too long";
    case QueueFault::bad_indirect: return "bad indirect descriptor";
    case QueueFault::bad_order: return "readable after writable descriptor";
    case QueueFault::bad_buffer: return "buffer outside memory";
    case QueueFault::too_many_bytes: return "chain of 4 GiB or more";
    case QueueFault::wrong_direction: return "wrong direction";
    case QueueFault::buffer_too_small: return "buffer too small";
    case QueueFault::head_in_use: return "head in use";
    }
    return "unknown";
}

QueueFault VirtioQueue::check_setup() const {
    if (setup_.size == 0 || setup_.size > size_max_ || !std::has_single_bit(setup_.size))
        return QueueFault::bad_size;
    if ((setup_.descriptors & 15) || (setup_.available & 1) || (setup_.used & 3))
        return QueueFault::bad_ring;
    if (!memory_.contains(setup_.descriptors, setup_.size * sizeof(Descriptor)) ||
        !memory_.contains(setup_.available,
                          ring_edge_bytes + setup_.size * available_element_bytes) ||
        !memory_.contains(setup_.used, ring_edge_bytes + setup_.size * used_element_bytes))
        return QueueFault::bad_ring;
    return QueueFault::none;
}

bool VirtioQueue::enable(bool indirect, bool event_index) {
    fault_ = check_setup();
    if (fault_ != QueueFault::none) return false;
    enabled_ = true;
    indirect_ = indirect;
    event_index_ = event_index;
    next_available_ = used_ = published_ = 0;
    return true;
}

void VirtioQueue::reset() {
    setup_ = {};
    enabled_ = indirect_ = event_index_ = false;
    fault_ = QueueFault::none;
    next_available_ = used_ = published_ = 0;
}

void VirtioQueue::stop(QueueFault fault) {
    VMFT_CHECK(fault != QueueFault::none);
    fault_ = fault;
}

QueueFault VirtioQueue::available_index(u16& waiting) const {
    waiting = 0;
    u16 index = 0;
    if (!memory_.read_value(setup_.available + ring_index, index)) return QueueFault::bad_ring;
    u16 ahead = static_cast<u16>(index - next_available_);
    if (ahead > setup_.size) return QueueFault::index_jump;
    waiting = ahead;
    return QueueFault::none;
}

u16 VirtioQueue::waiting() const {
    u16 waiting = 0;
    if (usable()) available_index(waiting);
    return waiting;
}

QueueFault VirtioQueue::walk(u16 head, VirtioChain& chain) const {
    chain.clear(head);
    u64 table = setup_.descriptors;
    u32 entries = setup_.size;
    u32 unvisited = entries;  // A chain that needs more than its table has is a loop.
    u32 index = head;
    bool in_indirect = false;
    u64 bytes = 0;
    for (;;) {
        if (unvisited-- == 0) return QueueFault::chain_too_long;
        Descriptor descriptor;
        if (!memory_.read(table + index * sizeof descriptor,
                          {reinterpret_cast<u8*>(&descriptor), sizeof descriptor}))
            return in_indirect ? QueueFault::bad_indirect : QueueFault::bad_ring;
        if (descriptor.flags & flag_indirect) {
            entries = descriptor.bytes / sizeof(Descriptor);
            if (!indirect_ || in_indirect || (descriptor.flags & flag_next) || entries == 0 ||
                descriptor.bytes % sizeof(Descriptor) != 0 ||
                entries > limits::virtqueue_indirect_max ||
                !memory_.contains(descriptor.address, descriptor.bytes))
                return QueueFault::bad_indirect;
            in_indirect = true;
            table = descriptor.address;
            unvisited = entries;
            index = 0;
            continue;
        }
        if (!memory_.contains(descriptor.address, descriptor.bytes)) return QueueFault::bad_buffer;
        bytes += descriptor.bytes;
        if (bytes > std::numeric_limits<u32>::max()) return QueueFault::too_many_bytes;
        if (!chain.append({descriptor.address, descriptor.bytes},
                          (descriptor.flags & flag_write) != 0))
            return QueueFault::bad_order;
        if (!(descriptor.flags & flag_next)) return QueueFault::none;
        index = descriptor.next;
        if (index >= entries) return QueueFault::bad_next;
    }
}

QueueFault VirtioQueue::look(VirtioChain& chain, bool& found) const {
    found = false;
    u16 waiting = 0;
    if (QueueFault fault = available_index(waiting); fault != QueueFault::none) return fault;
    if (waiting == 0) return QueueFault::none;
    u64 slot = next_available_ & (setup_.size - 1);
    u16 head = 0;
    if (!memory_.read_value(setup_.available + ring_elements + slot * available_element_bytes,
                            head))
        return QueueFault::bad_ring;
    if (head >= setup_.size) return QueueFault::bad_head;
    QueueFault fault = walk(head, chain);
    found = fault == QueueFault::none;
    return fault;
}

bool VirtioQueue::take(VirtioChain& chain) {
    if (!usable()) return false;
    bool found = false;
    fault_ = look(chain, found);
    if (found) next_available_++;
    return found;
}

bool VirtioQueue::take_readable(VirtioChain& chain) {
    if (!take(chain)) return false;
    if (chain.writable_bytes() != 0) stop(QueueFault::wrong_direction);
    return usable();
}

bool VirtioQueue::take_writable(VirtioChain& chain, u64 bytes_min) {
    if (!take(chain)) return false;
    if (chain.readable_bytes() != 0)
        stop(QueueFault::wrong_direction);
    else if (chain.writable_bytes() < bytes_min)
        stop(QueueFault::buffer_too_small);
    return usable();
}

bool VirtioQueue::peek(VirtioChain& chain) const {
    if (!usable()) return false;
    bool found = false;
    look(chain, found);
    return found;
}

void VirtioQueue::give_back(u16 head, u32 bytes_written) {
    if (!usable()) return;
    u64 slot = used_ & (setup_.size - 1);
    u64 element = u64{bytes_written} << 32 | head;
    if (!memory_.write_value(setup_.used + ring_elements + slot * used_element_bytes, element))
        return stop(QueueFault::bad_ring);
    used_++;
}

bool VirtioQueue::publish() {
    if (!usable() || used_ == published_) return false;
    u16 before = published_;
    published_ = used_;
    write_ring_u16(setup_.used + ring_index, used_);
    if (event_index_) {
        u16 event = 0;
        u64 address = setup_.available + ring_elements + setup_.size * available_element_bytes;
        return memory_.read_value(address, event) && passes_event(event, used_, before);
    }
    u16 flags = 0;
    return memory_.read_value(setup_.available, flags) && !(flags & available_no_interrupt);
}

void VirtioQueue::want_notification(bool wanted) {
    if (!usable()) return;
    if (event_index_) {
        // The driver notifies when it passes this index: the next one, or the one it will be last
        // to reach.
        u16 event = static_cast<u16>(wanted ? next_available_ : next_available_ - 1);
        write_ring_u16(setup_.used + ring_elements + setup_.size * used_element_bytes, event);
    } else {
        write_ring_u16(setup_.used, wanted ? 0 : used_no_notify);
    }
}

/// Writes only what changes, so that a hint that stays does not dirty the page.
void VirtioQueue::write_ring_u16(u64 address, u16 value) {
    u16 present = 0;
    if (memory_.read_value(address, present) && present == value) return;
    if (!memory_.write_value(address, value)) stop(QueueFault::bad_ring);
}

void VirtioQueue::save(StateWriter& state) const {
    state.put(setup_.size);
    state.put(setup_.descriptors);
    state.put(setup_.available);
    state.put(setup_.used);
    state.put(static_cast<u8>(enabled_));
    state.put(static_cast<u8>(indirect_));
    state.put(static_cast<u8>(event_index_));
    state.put(fault_);
    state.put(next_available_);
    state.put(used_);
    state.put(published_);
}

void VirtioQueue::restore(StateReader& state) {
    reset();
    state.get(setup_.size);
    state.get(setup_.descriptors);
    state.get(setup_.available);
    state.get(setup_.used);
    u8 enabled = state.get<u8>(), indirect = state.get<u8>(), event_index = state.get<u8>(),
       fault = state.get<u8>();
    state.get(next_available_);
    state.get(used_);
    state.get(published_);
    bool sound = state.ok() && (enabled | indirect | event_index) <= 1 &&
                 fault <= static_cast<u8>(QueueFault::head_in_use) &&
                 (!enabled || check_setup() == QueueFault::none);
    if (!sound) {
        reset();
        return state.fail();
    }
    enabled_ = enabled;
    indirect_ = indirect;
    event_index_ = event_index;
    fault_ = static_cast<QueueFault>(fault);
}

}  // namespace vmft
