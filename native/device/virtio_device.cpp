#include "device/virtio_device.h"

namespace vmft {

VirtioDevice::VirtioDevice(GuestMemory& memory, u32 id, u64 features,
                           std::initializer_list<u16> queue_sizes_max)
    : memory_(memory), id_(id),
      features_offered_(features | virtio_feature::version_1 | virtio_feature::ring_indirect |
                        virtio_feature::ring_event_index) {
    queues_.reserve(queue_sizes_max.size());
    for (u16 size_max : queue_sizes_max) queues_.emplace_back(memory, size_max);
}

void VirtioDevice::start(u64 features) {
    features_ = features;
    driver_ready_ = true;
}

void VirtioDevice::reset() {
    driver_ready_ = false;
    features_ = 0;
    for (VirtioQueue& queue : queues_) queue.reset();
    reset_own();
}

void VirtioDevice::settle(VirtioQueue& queue) {
    if (queue.publish()) transport_->notify_used();
    if (queue.fault() != QueueFault::none) transport_->needs_reset();
}

void VirtioDevice::save(StateWriter& state) const {
    state.put(id_);
    state.put(features_);
    state.put(static_cast<u8>(driver_ready_));
    for (const VirtioQueue& queue : queues_) queue.save(state);
    save_own(state);
}

void VirtioDevice::restore(StateReader& state) {
    if (state.get<u32>() != id_) state.fail();
    state.get(features_);
    u8 ready = state.get<u8>();
    if (ready > 1 || (features_ & ~features_offered_) != 0) state.fail();
    driver_ready_ = ready == 1;
    for (VirtioQueue& queue : queues_) queue.restore(state);
    restore_own(state);
    if (!state.ok()) reset();
}

}  // namespace vmft
