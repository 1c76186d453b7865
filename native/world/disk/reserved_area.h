#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/types.h"

namespace vmft {

/// Block 2: who claimed an iSCSI disk last (IscsiReservation).
inline constexpr u32 claim_record_block = 2;
inline constexpr std::string_view claim_record_beginning = "{\"vmftClaim\":1";

/// Where the reserved area of a disk of `disk_bytes` begins, which is also what the guest sees.
/// Throws DiskFault when the disk is too small or of odd size.
u64 reserved_offset(const std::string& url, u64 disk_bytes, u32 block_bytes);

/// Throws DiskFault unless the reserved area, which is all of `area`, is empty or vmft's:
/// somebody's data may end there.
void check_reserved_area(const std::string& url, std::span<const u8> area, u32 block_bytes);

}  // namespace vmft
