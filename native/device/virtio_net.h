#pragma once

#include <array>
#include <span>
#include <vector>

#include "base/mac_address.h"
#include "device/virtio_device.h"
#include "output/output.h"

namespace vmft {

/// A network card (virtio 1.2, 5.1): one receive and one transmit queue, mergeable receive
/// buffers, link always up. Where the driver wants it, checksums are filled in for it, and TCP
/// segments over IPv4 are as large as they get (base/tcp_frame.h).
class VirtioNet final : public VirtioDevice {
public:
    static constexpr u32 device_id = 1;
    static constexpr u64 feature_checksum = u64{1} << 0;
    static constexpr u64 feature_guest_checksum = u64{1} << 1;
    static constexpr u64 feature_mac = u64{1} << 5;
    static constexpr u64 feature_guest_tso4 = u64{1} << 7;
    static constexpr u64 feature_host_tso4 = u64{1} << 11;
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

    /// Whether the driver is ready and has posted a receive buffer, or as many as the largest frame
    /// may need.
    bool can_receive() const {
        return driver_ready() && queue(receive_queue).waiting() >= buffers_wanted();
    }
    /// Whether the driver is ready for frames larger than usual ones.
    bool takes_large_frames() const { return driver_ready() && negotiated(feature_guest_tso4); }
    /// An input: a frame from the network. Dropped and counted where there is no room for all of
    /// it.
    void receive(std::span<const u8> frame);

    const Counters& counters() const { return counters_; }

private:
    void transmit_available();
    void transmit(const VirtioChain& chain);
    u32 buffers_wanted() const;
    struct Received;
    bool prepare(std::span<const u8> frame, Received& received);
    bool emit_frame(std::span<u8> frame, bool needs_checksum, size_t start, size_t offset);
    bool emit_segment(std::span<u8> frame, u16 segment_bytes);
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
