#pragma once

#include <span>

#include "device/virtio_device.h"

namespace vmft {

/// A source of randomness (virtio 1.2, 5.4). The randomness itself is an input: a request
/// waits in the guest's ring until `supply`, so a request is state of the guest's memory alone.
class VirtioEntropy final : public VirtioDevice {
public:
    static constexpr u32 device_id = 4;
    static constexpr size_t request_queue = 0;
    static constexpr u16 queue_size_max = 8;

    explicit VirtioEntropy(GuestMemory& memory);

    void queue_notified(size_t index) override;

    /// Bytes the next waiting request wants, at most limits::entropy_bytes_max; 0 if none waits.
    u64 wanted_bytes() const;
    /// An input: completes waiting requests in order until the bytes are used up; the last one
    /// perhaps with fewer bytes than it has room for (5.4.6). Bytes nobody asked for are dropped
    /// and counted.
    void supply(std::span<const u8> bytes);

    u64 bytes_supplied() const { return bytes_supplied_; }
    u64 bytes_dropped() const { return bytes_dropped_; }

private:
    /// Reports a request that can never be answered now, rather than leave it waiting.
    void check_next_request();

    void reset_own() override {}
    void save_own(StateWriter& state) const override;
    void restore_own(StateReader& state) override;

    u64 bytes_supplied_ = 0;
    u64 bytes_dropped_ = 0;
    mutable VirtioChain chain_;  // Reused, no state.
};

}  // namespace vmft
