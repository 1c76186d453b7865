#pragma once

#include <array>
#include <span>
#include <vector>

#include "base/mac_address.h"
#include "device/virtio_device.h"
#include "output/output.h"

namespace vmft {

/// A network card (virtio 1.2, 5.1): one receive and one transmit queue, mergeable receive
/// buffers, link always up, no offloads: every frame is complete as it stands. A later
/// offload changes what the two header functions accept and produce, and nothing else.
class VirtioNet final : public VirtioDevice {
public:
    static constexpr u32 device_id = 1;
    static constexpr u64 feature_mac = u64{1} << 5;
    static constexpr u64 feature_mergeable_buffers = u64{1} << 15;
    static constexpr u64 feature_status = u64{1} << 16;
    static constexpr size_t receive_queue = 0;
    static constexpr size_t transmit_queue = 1;
    static constexpr u16 queue_size_max = 512;
    static constexpr u64 header_bytes = 12;

    /// Frames since the machine was created.
    struct Counters {
        u64 sent = 0;
        u64 received = 0;
        u64 sent_malformed =
            0;  ///< Of the guest: no whole header, an offload not negotiated, a size no frame has.
        u64 received_malformed = 0;  ///< Of a size no frame has.
        u64 received_without_room =
            0;  ///< The driver was not ready, or its buffers did not suffice.
    };

    VirtioNet(GuestMemory& memory, const MacAddress& mac, OutputSink& sink);

    std::span<const u8> config() const override { return config_; }
    void queue_notified(size_t index) override;

    /// Whether the driver is ready and has posted at least one receive buffer.
    bool can_receive() const { return driver_ready() && queue(receive_queue).waiting() > 0; }
    /// An input: a frame from the network. Dropped and counted where there is no room for all of
    /// it.
    void receive(std::span<const u8> frame);

    const Counters& counters() const { return counters_; }

private:
    void transmit_available();
    void transmit(const VirtioChain& chain);
    bool take_room(VirtioQueue& queue, u64 bytes, u16& chains);

    void reset_own() override {}
    void save_own(StateWriter& state) const override;
    void restore_own(StateReader& state) override;

    OutputSink& sink_;
    std::array<u8, 8> config_{};
    Counters counters_;
    VirtioChain transmit_chain_;               // Reused, no state.
    std::vector<VirtioChain> receive_chains_;  // Reused, no state.
    std::vector<u8> gathered_frame_;           // Reused, no state.
};

}  // namespace vmft
