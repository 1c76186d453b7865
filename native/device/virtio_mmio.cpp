#include "device/virtio_mmio.h"

#include <cstring>

namespace vmft {

namespace {

constexpr u32 status_bits_of_driver = virtio_status::acknowledge | virtio_status::driver |
                                      virtio_status::driver_ok | virtio_status::features_ok |
                                      virtio_status::failed;

u64 all_ones(unsigned size_bytes) { return ~u64{0} >> (64 - 8 * size_bytes); }

void set_low(u64& address, u32 value) { address = (address & ~u64{0xffffffff}) | value; }
void set_high(u64& address, u32 value) { address = (address & 0xffffffff) | u64{value} << 32; }

}  // namespace

VirtioMmio::VirtioMmio(VirtioDevice* device, InterruptLine& line) : device_(device), line_(line) {
    if (device_) device_->attach(*this);
}

u64 VirtioMmio::read(u64 offset, unsigned size_bytes) {
    if (offset >= virtio_mmio::config && device_)
        return read_config(offset - virtio_mmio::config, size_bytes);
    u32 value = 0;
    if (size_bytes == 4 && read_register(offset, value)) return value;
    refused_accesses_++;
    return all_ones(size_bytes);
}

void VirtioMmio::write(u64 offset, unsigned size_bytes, u64 value) {
    if (!device_ || size_bytes != 4 || !write_register(offset, static_cast<u32>(value)))
        refused_accesses_++;
}

u64 VirtioMmio::read_config(u64 offset, unsigned size_bytes) {
    std::span<const u8> config = device_->config();
    if (offset > config.size() || config.size() - offset < size_bytes) {
        refused_accesses_++;
        return all_ones(size_bytes);
    }
    u64 value = 0;
    std::memcpy(&value, config.data() + offset, size_bytes);
    return value;
}

bool VirtioMmio::read_register(u64 offset, u32& value) const {
    switch (offset) {
    case virtio_mmio::magic_value: value = virtio_mmio::magic; return true;
    case virtio_mmio::version: value = 2; return true;
    case virtio_mmio::device_id: value = device_ ? device_->id() : 0; return true;
    case virtio_mmio::vendor_id: value = virtio_mmio::vendor; return true;
    }
    if (!device_) return false;
    bool queue_exists = queue_select_ < device_->queue_count();
    switch (offset) {
    case virtio_mmio::device_features:
        value =
            device_features_select_ < 2
                ? static_cast<u32>(device_->features_offered() >> (32 * device_features_select_))
                : 0;
        return true;
    case virtio_mmio::queue_size_max:
        value = queue_exists ? device_->queue(queue_select_).size_max() : 0;
        return true;
    case virtio_mmio::queue_ready:
        value = queue_exists && device_->queue(queue_select_).enabled();
        return true;
    case virtio_mmio::interrupt_status: value = interrupt_status_; return true;
    case virtio_mmio::status: value = status_; return true;
    case virtio_mmio::config_generation: value = config_generation_; return true;
    default: return false;
    }
}

bool VirtioMmio::write_register(u64 offset, u32 value) {
    switch (offset) {
    case virtio_mmio::device_features_select: device_features_select_ = value; return true;
    case virtio_mmio::driver_features_select: driver_features_select_ = value; return true;
    case virtio_mmio::driver_features: return write_driver_features(value);
    case virtio_mmio::queue_select: queue_select_ = value; return true;
    case virtio_mmio::queue_notify: return notify_queue(value);
    case virtio_mmio::interrupt_acknowledge:
        interrupt_status_ &= ~value;
        line_.set(interrupt_status_ != 0);
        return true;
    case virtio_mmio::status: return write_status(value);
    default: return write_queue_register(offset, value);
    }
}

bool VirtioMmio::write_driver_features(u32 value) {
    if (status_ & virtio_status::features_ok) return false;  // Settled (3.1.1).
    if (driver_features_select_ == 0)
        set_low(driver_features_, value);
    else if (driver_features_select_ == 1)
        set_high(driver_features_, value);
    else
        return value == 0;
    return true;
}

bool VirtioMmio::write_queue_register(u64 offset, u32 value) {
    if (queue_select_ >= device_->queue_count()) return false;
    VirtioQueue& queue = device_->queue(queue_select_);
    if (offset == virtio_mmio::queue_ready) return write_queue_ready(queue, value);
    if (queue.enabled()) return false;
    switch (offset) {
    case virtio_mmio::queue_size: queue.setup().size = value; return true;
    case virtio_mmio::queue_descriptors_low: set_low(queue.setup().descriptors, value); return true;
    case virtio_mmio::queue_descriptors_high:
        set_high(queue.setup().descriptors, value);
        return true;
    case virtio_mmio::queue_available_low: set_low(queue.setup().available, value); return true;
    case virtio_mmio::queue_available_high: set_high(queue.setup().available, value); return true;
    case virtio_mmio::queue_used_low: set_low(queue.setup().used, value); return true;
    case virtio_mmio::queue_used_high: set_high(queue.setup().used, value); return true;
    default: return false;
    }
}

bool VirtioMmio::write_queue_ready(VirtioQueue& queue, u32 value) {
    if (value == 0) {
        queue.reset();
        device_->queue_disabled(queue_select_);
        return true;
    }
    if (value != 1 || queue.enabled() || !(status_ & virtio_status::features_ok)) return false;
    bool sound = queue.enable((driver_features_ & virtio_feature::ring_indirect) != 0,
                              (driver_features_ & virtio_feature::ring_event_index) != 0);
    if (!sound) needs_reset();
    return true;
}

bool VirtioMmio::write_status(u32 value) {
    if (value == 0) {
        reset();
        return true;
    }
    // The driver only ever adds bits (2.1.1); what it leaves out stays.
    u32 added = value & status_bits_of_driver & ~status_;
    if (added & virtio_status::features_ok) {
        bool acceptable = (driver_features_ & ~device_->features_offered()) == 0 &&
                          (driver_features_ & virtio_feature::version_1) != 0;
        if (!acceptable) added &= ~virtio_status::features_ok;
    }
    bool in_sequence =
        !(added & virtio_status::driver_ok) || ((status_ | added) & virtio_status::features_ok);
    if (!in_sequence) added &= ~virtio_status::driver_ok;
    status_ |= added;
    if (added & virtio_status::driver_ok) device_->start(driver_features_);
    return in_sequence;
}

bool VirtioMmio::notify_queue(u32 index) {
    if (index >= device_->queue_count() || !device_->driver_ready() ||
        !device_->queue(index).usable())
        return false;
    device_->queue_notified(index);
    return true;
}

void VirtioMmio::reset() {
    device_->reset();
    device_features_select_ = driver_features_select_ = queue_select_ = 0;
    driver_features_ = 0;
    status_ = interrupt_status_ = 0;
    line_.set(false);
}

void VirtioMmio::raise(u32 cause) {
    interrupt_status_ |= cause;
    line_.set(true);
}

void VirtioMmio::notify_config() {
    config_generation_++;
    if (status_ & virtio_status::driver_ok) raise(virtio_interrupt::config);
}

void VirtioMmio::needs_reset() {
    if (status_ & virtio_status::needs_reset) return;
    status_ |= virtio_status::needs_reset;
    if (status_ & virtio_status::driver_ok) raise(virtio_interrupt::config);
}

void VirtioMmio::save(StateWriter& state) const {
    state.put(device_ ? device_->id() : u32{0});
    state.put(device_features_select_);
    state.put(driver_features_select_);
    state.put(queue_select_);
    state.put(driver_features_);
    state.put(status_);
    state.put(interrupt_status_);
    state.put(config_generation_);
    state.put(refused_accesses_);
    if (device_) device_->save(state);
}

void VirtioMmio::restore(StateReader& state) {
    if (state.get<u32>() != (device_ ? device_->id() : 0)) state.fail();
    state.get(device_features_select_);
    state.get(driver_features_select_);
    state.get(queue_select_);
    state.get(driver_features_);
    state.get(status_);
    state.get(interrupt_status_);
    state.get(config_generation_);
    state.get(refused_accesses_);
    if (device_) device_->restore(state);
}

}  // namespace vmft
