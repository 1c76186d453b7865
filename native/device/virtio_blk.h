#pragma once

#include <array>
#include <span>
#include <vector>

#include "device/virtio_blk_request.h"
#include "device/virtio_device.h"
#include "machine/machine_config.h"

namespace vmft {

/// Where disks put what the guest asks of them.
class DiskRequestSink {
public:
    /// `is_output`: it changes or flushes a disk that others see, and so waits for the gate.
    /// Returns the output that it is (Output::sequence), which it also puts into the request; 0: it
    /// is none.
    virtual u64 request(DiskRequest&& request, bool is_output) = 0;
    /// A request that was made before, with all it had then.
    virtual void repeat(DiskRequest&& request) = 0;

protected:
    ~DiskRequestSink() = default;
};

/// A disk (virtio 1.2, 5.2) with one queue. What the guest asks goes to the sink as it is taken
/// from the ring, and ends when the world says so (`complete`), in any order; until then the
/// request is part of the device's state. What can be refused is answered at once.
///
/// A reset forgets the requests under way: the disk may still do them, and the ends come to nobody.
class VirtioBlk final : public VirtioDevice {
public:
    static constexpr u32 device_id = 2;
    static constexpr size_t request_queue = 0;
    static constexpr u16 queue_size_max = 128;
    /// A header, a status and these fill a ring, as 2.7.5.3.1 wants it of indirect chains too.
    static constexpr u32 segments_max = queue_size_max - 2;
    /// So that no request of a driver that keeps to the limits is too large.
    static constexpr u32 segment_bytes_max = 16 << 10;
    static constexpr size_t serial_bytes = 20;

    /// Since the machine was created.
    struct Counters {
        u64 answered_at_once = 0;  ///< Refused, or GET_ID.
        u64 unknown_ends = 0;      ///< Of requests from before a reset, or that never were.
        u64 malformed_ends = 0;    ///< A read's with more or fewer bytes: an I/O error.
    };

    /// `disk` is the index into MachineConfig::disks.
    VirtioBlk(GuestMemory& memory, u32 disk, const DiskConfig& config, DiskRequestSink& sink);

    std::span<const u8> config() const override { return config_; }
    void queue_notified(size_t index) override;
    void queue_disabled(size_t index) override;

    /// An input: the request `id` has ended. `data` is what a read that went well has read.
    void complete(u64 id, DiskStatus status, std::span<const u8> data);
    /// Hands every request under way to the sink once more, in order, as after a restore nobody
    /// else has them.
    void repeat_pending() const;

    size_t pending() const { return pending_.size(); }
    const Counters& counters() const { return counters_; }

private:
    void take_available();
    void issue(VirtioBlkRequest&& request);
    void answer(const VirtioBlkRequest& request, VirtioBlkStatus status);
    DiskRequest asked(const VirtioBlkRequest& request) const;
    bool is_pending(u16 head) const;
    bool must_flush_after(const VirtioBlkRequest& request) const;

    void reset_own() override { forget_pending(); }
    void forget_pending();
    void save_own(StateWriter& state) const override;
    void restore_own(StateReader& state) override;

    const u32 disk_;
    const DiskConfig disk_config_;
    DiskRequestSink& sink_;
    std::array<u8, 60> config_{};
    u64 next_id_ = 1;
    std::vector<VirtioBlkRequest> pending_;  ///< By id, ascending.
    u64 pending_data_bytes_ = 0;             ///< Theirs.
    Counters counters_;
    VirtioChain chain_;  // Reused, no state.
};

}  // namespace vmft
