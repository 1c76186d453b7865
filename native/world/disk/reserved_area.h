#pragma once

#include <span>
#include <string>

#include "base/types.h"

namespace vmft {

/// Where the reserved area of a disk of `disk_bytes` begins, which is also what the guest sees.
/// Throws DiskFault when the disk is too small or of odd size.
u64 reserved_offset(const std::string& url, u64 disk_bytes, u32 block_bytes);

/// Throws DiskFault unless the reserved area, which is all of `area`, is empty or vmft's:
/// somebody's data may end there.
void check_reserved_area(const std::string& url, std::span<const u8> area, u32 block_bytes);

}  // namespace vmft
