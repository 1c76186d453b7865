#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "base/state_bytes.h"
#include "base/types.h"
#include "device/virtio_queue.h"

namespace vmft {

/// Feature bits every device type shares (virtio 1.2, 6).
namespace virtio_feature {
inline constexpr u64 ring_indirect = u64{1} << 28;
inline constexpr u64 ring_event_index = u64{1} << 29;
inline constexpr u64 version_1 = u64{1} << 32;
}  // namespace virtio_feature

/// What a device type can say to the driver; the transport carries it.
class VirtioTransport {
public:
    /// A used-buffer notification (2.3).
    virtual void notify_used() = 0;
    /// A configuration change notification; the configuration's generation moves on.
    virtual void notify_config() = 0;
    /// The driver has violated the protocol: DEVICE_NEEDS_RESET (2.1.2).
    virtual void needs_reset() = 0;

protected:
    ~VirtioTransport() = default;
};

/// A device type behind a virtio transport. It is deaf and still unless `driver_ready()`,
/// between the driver's DRIVER_OK and the next reset. A violation stops the queue where
/// it happened and asks for a reset; the device's other queues go on.
class VirtioDevice {
public:
    virtual ~VirtioDevice() = default;
    VirtioDevice(const VirtioDevice&) = delete;
    VirtioDevice& operator=(const VirtioDevice&) = delete;

    /// The device id (virtio 1.2, 5).
    u32 id() const { return id_; }
    u64 features_offered() const { return features_offered_; }
    /// The device-specific configuration space, little-endian as the driver reads it. All of it is
    /// read-only.
    virtual std::span<const u8> config() const { return {}; }
    size_t queue_count() const { return queues_.size(); }
    VirtioQueue& queue(size_t index) { return queues_[index]; }
    const VirtioQueue& queue(size_t index) const { return queues_[index]; }
    bool driver_ready() const { return driver_ready_; }

    // For the transport.
    void attach(VirtioTransport& transport) { transport_ = &transport; }
    void start(u64 features);
    void reset();
    /// The driver has made buffers available in a queue; only when driver_ready() and the queue is
    /// usable.
    virtual void queue_notified(size_t index) = 0;
    /// The driver has taken a queue away, with what was taken from it and not given back.
    virtual void queue_disabled(size_t index) { (void)index; }

    void save(StateWriter& state) const;
    void restore(StateReader& state);

protected:
    /// The queues' maximal sizes say how many there are.
    VirtioDevice(GuestMemory& memory, u32 id, u64 features,
                 std::initializer_list<u16> queue_sizes_max);

    GuestMemory& memory() { return memory_; }
    const GuestMemory& memory() const { return memory_; }
    /// Whether a feature was offered and accepted; only when driver_ready().
    u64 features() const { return features_; }
    bool negotiated(u64 feature) const { return (features_ & feature) != 0; }
    /// Ends a batch of work on a queue: publishes what was given back, reports a violation.
    void settle(VirtioQueue& queue);
    VirtioTransport& transport() { return *transport_; }

    /// The device type's own state: to its initial value, out, and in.
    virtual void reset_own() = 0;
    virtual void save_own(StateWriter& state) const = 0;
    virtual void restore_own(StateReader& state) = 0;

private:
    GuestMemory& memory_;
    const u32 id_;
    const u64 features_offered_;
    std::vector<VirtioQueue> queues_;
    VirtioTransport* transport_ = nullptr;
    u64 features_ = 0;
    bool driver_ready_ = false;
};

}  // namespace vmft
