#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>

#include "base/mac_address.h"
#include "base/types.h"

namespace vmft {

/// What makes a machine at position 0, but for the guest's images; mirrors GuestConfig in
/// proto/log.proto.
struct MachineConfig {
    u64 memory_bytes = 0;  ///< A multiple of 4 KiB within limits::guest_memory_bytes_min … _max.
    std::string command_line;
    std::optional<MacAddress> mac;     ///< None: no network device.
    std::array<u8, 32> random_seed{};  ///< For the guest kernel's random pool.
    u64 realtime_ns = 0;               ///< Wall clock at position 0, nanoseconds since 1970 (UTC).
};

/// The guest's files, in memory.
struct GuestImages {
    std::span<const u8> kernel;
    std::span<const u8> initramfs;  ///< Empty: none.
};

}  // namespace vmft
