#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "world/disk/iscsi_connection.h"

namespace vmft {

/// What a LUN says of itself.
struct IscsiFacts {
    u64 blocks = 0;
    u32 block_bytes = 0;
    u32 transfer_blocks_max = ~u32{0};
    bool write_protected = false;
    bool forced_access = false;  ///< FUA.
    bool compare_and_write = false;
    bool reservations = false;       ///< Persistent, Write Exclusive – Registrants Only.
    bool reservations_kept = false;  ///< Through a loss of power.
    bool unmap = false;
    bool unmapped_reads_zero = false;  ///< By WRITE SAME with UNMAP.
    u32 unmap_blocks_max = ~u32{0};
    u64 write_same_blocks_max = ~u64{0};
};

/// A LUN over a session, one command after the other: for what is seldom done. Of the session's
/// thread. Commands past the deadline end with End::no_answer.
class IscsiLun {
public:
    IscsiLun(IscsiConnection& connection, IscsiConnection::Clock::time_point deadline,
             const std::atomic<bool>& cancel)
        : connection_(connection), deadline_(deadline), cancel_(cancel) {}

    /// Repeats what was not executed.
    scsi::Reply perform(const scsi::Command& command);
    bool reset() { return connection_.reset_lun(deadline_, cancel_); }

    struct Inspected {
        IscsiFacts facts;
        std::string fault;     ///< One line, without the URL; empty: it is a disk.
        bool refused = false;  ///< It is none; else it did not answer.
    };
    Inspected inspect();

private:
    IscsiConnection& connection_;
    IscsiConnection::Clock::time_point deadline_;
    const std::atomic<bool>& cancel_;
};

}  // namespace vmft
