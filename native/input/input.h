#pragma once

#include <variant>
#include <vector>

#include "base/types.h"
#include "disk/disk_request.h"

namespace vmft {

/// A frame received from the network: 14 … net_frame_bytes_max bytes.
struct NetFrameInput {
    std::vector<u8> frame;
};

/// Sets virtual time from the position on: vns = virtual_ns + (ticks - position.ticks) *
/// picoseconds_per_tick / 1000.
struct ClockInput {
    u64 virtual_ns = 0;
    u32 picoseconds_per_tick = 0;
    u64 realtime_ns = 0;  ///< Wall clock, nanoseconds since 1970 (UTC).
};

/// Bytes typed at a console; port 0 is the 16550, port 1 the virtio console.
struct ConsoleInput {
    u32 port = 0;
    std::vector<u8> data;
};

/// Random bytes for the entropy device's pending request.
struct EntropyInput {
    std::vector<u8> data;
};

enum class ControlKind : u8 {
    power_button = 1,
    reset = 2,
    power_off = 3,
    snapshot = 4,
    cpu_share = 5,
};

struct ControlInput {
    ControlKind kind = ControlKind::power_button;
    /// Of cpu_share: cpu_share_permille_min … _max; else 0.
    u32 value = 0;
};

inline constexpr u32 cpu_share_permille_min = 10, cpu_share_permille_max = 1000;

/// A disk request has ended.
struct DiskCompletionInput {
    u32 disk = 0;
    u64 request = 0;  ///< DiskRequest::id.
    DiskStatus status = DiskStatus::ok;
    /// Of a read that went well: all of it when it is applied to a machine.
    std::vector<u8> data;
    /// The log does not carry `data`: the backup reads the disk itself, and `data_hash` (hash64)
    /// tells whether it found the same.
    bool read_on_backup = false;
    u64 data_hash = 0;
};

/// The closed list of what the world can do to the machine; mirrors Record.input in
/// proto/log.proto.
using Input = std::variant<NetFrameInput, ClockInput, ConsoleInput, EntropyInput, ControlInput,
                           DiskCompletionInput>;

}  // namespace vmft
