#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/mac_address.h"
#include "base/types.h"

namespace vmft {

/// One disk of the guest's; mirrors GuestDisk in proto/log.proto.
struct DiskConfig {
    u64 capacity_bytes = 0;  ///< Whole blocks, at least one.
    u32 block_bytes = 512;   ///< 512 or 4096.
    bool shared = true;      ///< Else each replica has a copy of its own (FT paper, 4.1).
    bool read_only = false;
    bool reads_on_backup = false;  ///< The log does not carry what is read (FT paper, 4.2).
    std::string serial;  ///< What GET_ID tells the guest: at most 20 printable ASCII characters.
};

/// What makes a machine at position 0, but for the guest's images; mirrors GuestConfig in
/// proto/log.proto.
struct MachineConfig {
    u64 memory_bytes = 0;  ///< A multiple of 4 KiB within limits::guest_memory_bytes_min … _max.
    std::string command_line;
    std::optional<MacAddress> mac;     ///< None: no network device.
    std::array<u8, 32> random_seed{};  ///< For the guest kernel's random pool.
    u64 realtime_ns = 0;               ///< Wall clock at position 0, nanoseconds since 1970 (UTC).
    std::vector<DiskConfig> disks;     ///< At most limits::disks_max; disk n is /dev/vd(a + n).
};

/// The guest's files, in memory.
struct GuestImages {
    std::span<const u8> kernel;
    std::span<const u8> initramfs;  ///< Empty: none.
};

}  // namespace vmft
