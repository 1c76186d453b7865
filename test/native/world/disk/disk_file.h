#pragma once

#include <memory>
#include <string>
#include <vector>

#include "world/disk/open_disk.h"

namespace vmft::test {

/// A sparse file in a folder of its own; both go with it.
class DiskFile {
public:
    explicit DiskFile(u64 bytes);
    ~DiskFile();
    DiskFile(const DiskFile&) = delete;

    const std::string& path() const { return path_; }
    const std::string& folder() const { return folder_; }

private:
    std::string folder_, path_;
};

/// Submits and waits.
DiskResult transfer(DiskBackend& disk, DiskTransfer transfer);
std::vector<u8> read(DiskBackend& disk, u64 offset_bytes, u64 bytes);
bool write(DiskBackend& disk, u64 offset_bytes, std::vector<u8> data);
bool flush(DiskBackend& disk);
/// Discards or zeroes.
bool clear(DiskBackend& disk, DiskOperation operation, u64 offset_bytes, u64 bytes);

}  // namespace vmft::test
