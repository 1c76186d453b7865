#pragma once

#include <string>

#include "disk/disk_backend.h"
#include "world/disk/file_access.h"
#include "world/disk/opened_disk.h"

namespace vmft {

struct OpenedFile {
    FileAccess access;
    bool block_device = false;
    DiskGeometry geometry;
};

/// Opens the file or block device as a disk, and checks that it can be one. Throws DiskFault.
OpenedFile open_disk_file(const std::string& url, const std::string& path,
                          const DiskOptions& options);

}  // namespace vmft
