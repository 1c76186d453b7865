#pragma once

#include <span>
#include <vector>

#include "base/limits.h"
#include "device/virtio_device.h"
#include "output/output.h"

namespace vmft {

/// A console with one port (virtio 1.2, 5.3; no MULTIPORT, no SIZE): /dev/hvc0 on Linux.
class VirtioConsole final : public VirtioDevice {
public:
    static constexpr u32 device_id = 3;
    static constexpr size_t receive_queue = 0;
    static constexpr size_t transmit_queue = 1;
    static constexpr u16 queue_size_max = 128;

    VirtioConsole(GuestMemory& memory, OutputSink& sink);

    void queue_notified(size_t index) override;

    /// An input: bytes typed. They wait for the driver's buffers, at most
    /// limits::console_input_bytes_max of them; more are dropped and counted. A reset forgets what
    /// waits.
    void receive(std::span<const u8> bytes);

    u64 input_bytes_waiting() const { return waiting_input_.size(); }
    /// Bytes `receive` would take now.
    u64 input_room() const { return limits::console_input_bytes_max - waiting_input_.size(); }
    u64 input_bytes_dropped() const { return input_bytes_dropped_; }
    /// Of buffers beyond limits::console_output_chain_bytes_max.
    u64 output_bytes_dropped() const { return output_bytes_dropped_; }

private:
    void show_available();
    void deliver();

    void reset_own() override { waiting_input_.clear(); }
    void save_own(StateWriter& state) const override;
    void restore_own(StateReader& state) override;

    OutputSink& sink_;
    std::vector<u8> waiting_input_;
    u64 input_bytes_dropped_ = 0;
    u64 output_bytes_dropped_ = 0;
    VirtioChain chain_;            // Reused, no state.
    std::vector<u8> shown_bytes_;  // Reused, no state.
};

}  // namespace vmft
