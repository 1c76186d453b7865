#pragma once

#include <sys/types.h>

#include <string>

#include "world/disk/disk_file.h"

namespace vmft::test {

/// A tgtd with one LUN of 16 MiB, as it comes from Debian; test/storage/tgt.ts is the one that can
/// do more. Not usable where there is none.
class TgtDaemon {
public:
    TgtDaemon();
    ~TgtDaemon();

    bool usable() const { return daemon_ > 0; }
    std::string url() const;
    void kill();
    void start();

private:
    bool admin(const std::string& words) const;

    DiskFile image_;
    int port_ = 0;
    pid_t daemon_ = 0;
};

}  // namespace vmft::test
