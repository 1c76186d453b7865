#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/state_bytes.h"
#include "base/types.h"
#include "device/device.h"
#include "device/virtio_blk.h"
#include "input/input.h"
#include "machine/guest_memory.h"
#include "machine/machine_config.h"
#include "output/output.h"

namespace vmft {

/// What the guest asked of the machine's power.
enum class PowerRequest : u8 { none = 0, off, reset };

/// Everything on the machine's board beside CPU, RAM and time: buses, interrupt controllers,
/// timers and devices, wired as layout.h says.
class Board {
public:
    /// All references outlive the board.
    Board(const MachineConfig& config, GuestMemory& memory, const VirtualClock& clock,
          OutputSink& outputs, DiskRequestSink& disk_requests);
    ~Board();

    // What the CPU sees; see Platform.
    u32 port_read(u16 port, unsigned size_bytes);
    void port_write(u16 port, unsigned size_bytes, u32 value);
    u64 mmio_read(u64 address, unsigned size_bytes);
    void mmio_write(u64 address, unsigned size_bytes, u64 value);
    bool msr_read(u32 msr, u64& value);
    bool msr_write(u32 msr, u64 value);
    u8 task_priority() const;
    void set_task_priority(u8 priority);
    bool interrupt_pending() const;
    u8 acknowledge_interrupt();

    /// The earliest deadline of all devices.
    u64 deadline_ns() const;
    /// Advances every device whose deadline has come.
    void advance(u64 now_ns);

    void receive_frame(std::span<const u8> frame);
    void receive_console(u32 port, std::span<const u8> bytes);
    void supply_entropy(std::span<const u8> bytes);
    void press_power_button();
    /// A disk the machine does not have is nobody's.
    void complete_disk_request(const DiskCompletionInput& completion);
    void repeat_pending_disk_requests() const;

    /// Whether the network driver is up; frames that arrive before are nobody's.
    bool network_ready() const;
    /// Whether a frame would find a buffer.
    bool can_receive_frame() const;
    bool takes_large_frames() const;
    u64 entropy_bytes_wanted() const;
    /// How many typed bytes the console `port` (0: 16550, 1: virtio) takes now.
    u64 console_room(u32 port) const;

    /// What the guest has asked for, for good.
    PowerRequest power_request() const;
    /// Shows what devices keep back to show at once later; when the machine ends.
    void flush_outputs();

    void save(StateWriter& state) const;
    void restore(StateReader& state);

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace vmft
