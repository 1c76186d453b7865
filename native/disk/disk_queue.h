#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "disk/disk_backend.h"
#include "disk/disk_request.h"
#include "input/input.h"

namespace vmft {

/// How a disk is held, from MachineConfig::disks.
struct DiskHolding {
    bool shared = true;
    bool reads_on_backup = false;
};

/// The guest's disk requests between the machine and the back ends: what was asked, what may be
/// done about it now, and what was done.
///
/// CONTRACT (its owner turns this into the essay of docs/disks.md and keeps here what belongs here)
///
/// Modes
///   discard  a log is replayed from a file: nothing is kept, completions carry everything
///   replica  shared disks: requests are kept until the log says how they ended; nothing is issued,
///            but for reads that the log leaves to the backup. private disks: requests that change
///            or flush are issued to this replica's own disk at once
///   live     requests are issued, and their ends become inputs
///
/// Issuing, live, per disk: a request is issued when
///   1. its output_sequence is released (0: at once)
///   2. no request with a smaller id overlaps it and has not ended, where one of the two changes
///      the blocks. (So order is kept where it can matter, on the primary, on the backup and when
///      issued again.)
///   3. it changes no block that a read left to the backup covers which the backup has not done
class DiskQueue final : public DiskRequestListener {
public:
    enum class Mode : u8 { discard, replica, live };

    /// `completion_came`: called on a back end's thread when a completion begins to wait, in live.
    explicit DiskQueue(std::vector<DiskHolding> holdings, std::function<void()> completion_came);
    /// Back ends go first; nothing is issued any more.
    ~DiskQueue();

    /// Before the machine runs. Every disk needs one but in mode discard.
    void attach(u32 disk, std::shared_ptr<DiskBackend> backend);
    bool attached(u32 disk) const;

    /// vCPU thread, from inside the machine; also when a restored machine repeats what is pending.
    /// A replica whose own disk is far behind waits here.
    void requested(DiskRequest&& request) override;

    /// Any thread: outputs up to `through` may leave.
    void release(u64 through);

    // Live, vCPU thread ---------------------------------------------------------------------------
    bool completion_waits() const;
    /// The next request that ended, as the input it is; false when none waits.
    bool take_completion(DiskCompletionInput& completion);
    /// From here on reads of disks held so are left to the backup (a pair), or are logged.
    void set_reads_on_backup(bool on);
    /// Any thread: the backup has done that many of the reads left to it since then.
    void reads_done(u64 count);

    // Replica, vCPU thread ------------------------------------------------------------------------
    /// The log has these completions next: reads left to the backup can begin.
    void expect(const DiskCompletionInput& completion);
    /// The log's completion is about to be applied: forgets the request, and fills in the data of a
    /// read left to this replica, waiting for it. Empty, or why this replica's disk cannot go on
    /// (cancel raised included).
    std::string complete(DiskCompletionInput& completion, const std::atomic<bool>& cancel);
    u64 reads_done_here() const;

    /// To live: claims the disks, waits for what the log says has ended to be so on this replica's
    /// own disks, and issues what has no end in the log again. Empty, or why not.
    std::string go_live(const std::atomic<bool>& cancel);

    // Copying a private disk to a joining backup, any thread
    // ---------------------------------------
    struct Range {
        u64 offset_bytes = 0, bytes = 0;
    };
    void track_changes(u32 disk, bool on);
    /// Ranges changed since the last call (or since tracking began), and forgets them. A change is
    /// there from the moment at which its request ended at the latest.
    std::vector<Range> take_changes(u32 disk);

    struct Counts {
        u64 pending = 0, issued = 0;  ///< Requests that have not ended, and those the back end has.
        u64 reads = 0, writes = 0, flushes = 0, bytes_read = 0, bytes_written = 0;
        u64 bytes_waiting = 0;  ///< Data of requests that have not ended.
        std::string trouble;
    };
    Counts counts(u32 disk) const;
};

}  // namespace vmft
