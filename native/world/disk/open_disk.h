#pragma once

#include <memory>
#include <string>

#include "world/disk/disk_fault.h"
#include "world/disk/opened_disk.h"

namespace vmft {

/// `path`, `file:path`, a block device's path, or an iSCSI URL. Blocks, for iSCSI up to
/// `timeout_ms`. Throws DiskFault; nothing was written then.
std::shared_ptr<OpenedDisk> open_disk(const std::string& url, const DiskOptions& options);

}  // namespace vmft
