#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "disk/backend_calls.h"
#include "disk/change_map.h"
#include "disk/disk_backend.h"
#include "disk/disk_request.h"
#include "disk/disk_step.h"
#include "disk/read_ledger.h"
#include "disk/request_order.h"
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
/// The problem. A disk is outside the machine: what was written cannot be taken back, and what is
/// under way when a host dies is half done. The backup that goes live must end every request that
/// the guest waits for, and the disk must then be one that a single machine could have left.
///
/// The idea. A request is pending from the instruction at which the guest made it until the log
/// says how it ended; so the backup knows what is pending by executing the log, and issues all of
/// it again (FT paper, 2.1: it does not matter whether the primary had done it). Three rules make
/// that right:
///
///   1. The output rule. What changes or flushes a shared disk is issued when the backup has the
///      log up to that request: so nothing is on a shared disk that the backup does not know of,
///      and everything that the guest had seen end before it asked is in the backup's log too.
///   2. Order where it can matter. Of two requests that overlap, where one changes the blocks, the
///      later is issued when the earlier has ended, on the primary, on the backup's own copy, and
///      when issued again. Ends become inputs in the order in which they came. Hence what is issued
///      again can never be older than what the log says is done: had the later of two overlapping
///      writes ended in the log, so had the earlier. A read that is issued again may see a write
///      that the guest had asked for meanwhile: it was concurrent, and a disk may answer so.
///   3. Fencing first. A live queue claims its disks (DiskBackend::claim) before it issues
///      anything: no write of the dead primary's arrives behind ours.
///
/// Reads left to the backup (FT paper, 4.2): for rule 2 such a read ends on a shared disk when the
/// backup has done it too, so a write over what it read waits for that. The backup begins a read
/// when the log has its end, and so finds what the primary found: what is earlier has ended, what
/// is later waits. A hash in the log tells whether it did.
///
/// A private disk: each replica changes its own copy as the guest asks, waiting for nobody, and the
/// guest learns how it went from the primary's. A replica's own request must go as the log says; a
/// flush there waits for the changes of which the log had said before that they are done, and which
/// are not done here: the guest wants these durable. (Not for all before it: one of those may wait
/// for a read of which the log never says the end.) Before it goes live a replica waits until its
/// own disk has done what the log says is done; what has ended here and not in the log ends as it
/// did here. A copy on which a write fails that went well on the primary is broken, and so is the
/// replica.
///
/// Rejected: keeping all requests in order (a queue depth of one: no disk is fast then); issuing a
/// shared disk's writes at once and undoing them (no disk can); letting a backup read at the time
/// at which its guest asks (what overlaps may not have ended on the primary); waiting on the
/// replica's own disk at each completion of the log's (its slowness would be the guest's).
class DiskQueue final : public DiskRequestListener {
public:
    /// discard  a log is replayed from a file: nothing is kept, completions carry everything
    /// replica  as a backup. shared disks: requests are kept until the log says how they ended;
    ///          only reads that the log leaves to the backup are issued. private disks: what
    ///          changes or flushes is issued to this replica's own disk too
    /// live     requests are issued, and their ends become inputs
    enum class Mode : u8 { discard, replica, live };

    struct Listener {
        /// Live: a request ended. Called on a back end's thread.
        std::function<void()> request_ended = [] {};
        /// Replica: reads_done_here() grew. Called on a back end's thread.
        std::function<void()> reads_progressed = [] {};
        /// What happens to a request that changes, live: for tests. Must not call back.
        std::function<void(DiskStep)> step = [](DiskStep) {};
    };

    DiskQueue(std::vector<DiskHolding> holdings, Listener listener);
    ~DiskQueue() { shut_down(); }

    /// Before the machine runs. Every disk needs one but in mode discard.
    void attach(u32 disk, std::shared_ptr<DiskBackend> backend);
    bool attached(u32 disk) const;
    u32 disks() const { return static_cast<u32>(disks_.size()); }

    /// Before the machine runs: discard (as at first) or replica.
    void begin(Mode mode);
    /// Any thread: nothing is issued any more, and whoever waits here is told so. For good.
    void close();
    /// Closes, waits for those who call listeners, and gives the back ends back. Not from a
    /// listener.
    void shut_down();

    /// vCPU thread, from inside the machine; also when a restored machine repeats what is pending.
    /// A replica whose own disk is far behind waits here.
    void requested(DiskRequest&& request) override;

    /// Any thread: outputs up to `through` may leave.
    void release(u64 through);

    // Live, vCPU thread ---------------------------------------------------------------------------
    bool completion_waits() const;
    /// Bytes that the next one to be taken carries.
    u64 completion_bytes() const;
    /// The next request that ended, as the input it is; false when none waits.
    bool take_completion(DiskCompletionInput& completion);
    /// From here on reads of disks held so are left to the backup (a pair), or are logged. Begins a
    /// new account of them.
    void set_reads_on_backup(bool on);
    /// Any thread: the backup has done that many of the reads left to it since then.
    void reads_done(u64 count);

    // Replica, vCPU thread ------------------------------------------------------------------------
    /// The log has these completions next: reads left to the backup can begin.
    void expect(const DiskCompletionInput& completion);

    struct Outcome {
        enum class Kind : u8 {
            ok,
            cancelled,
            failed,   ///< This replica's disk cannot go on.
            diverged  ///< It holds something else than the primary's.
        };
        Kind kind = Kind::ok;
        std::string message;
        bool ok() const { return kind == Kind::ok; }
    };
    /// The log's completion is about to be applied: forgets the request, and fills in the data of a
    /// read left to this replica, waiting for it.
    Outcome complete(DiskCompletionInput& completion, const std::atomic<bool>& cancel);
    /// Any thread.
    u64 reads_done_here() const;
    /// Now and then, with a clock that never steps: whether this replica's own disks are well.
    Outcome check_own_disks(u64 now_ns);

    /// Waits until what the log says has ended is so on this replica's own disks.
    Outcome drain(const std::atomic<bool>& cancel);

    /// To live: claims the disks, waits for what the log says has ended to be so on this replica's
    /// own disks, and issues what has no end in the log again. Waits as long as storage needs.
    Outcome go_live(const std::atomic<bool>& cancel);

    // Copying a private disk to a joining backup, any thread --------------------------------------
    void track_changes(u32 disk, bool on);
    /// Ranges changed since the last call (or since tracking began), and forgets them. A change is
    /// there from the moment at which its request ended at the latest.
    std::vector<DiskRange> take_changes(u32 disk);

    struct Counts {
        u64 pending = 0, issued = 0;  ///< Requests that have not ended, and those the back end has.
        u64 reads = 0, writes = 0, flushes = 0, bytes_read = 0, bytes_written = 0;
        /// Data of requests that have not ended, and for each what keeping it costs.
        u64 bytes_waiting = 0;
        std::string trouble;
    };
    Counts counts(u32 disk) const;
    /// Of all disks.
    u64 bytes_waiting() const;

private:
    using Lock = std::unique_lock<std::mutex>;

    /// Of a read that the log leaves to this replica.
    struct BackupRead {
        u64 number = 0;  ///< In ReadProgress.
        u64 hash = 0;    ///< What the primary found.
        u32 tries = 0;
        enum class State : u8 { waits, under_way, there, failed, differs } state = State::waits;
    };

    struct Pending {
        DiskRequest request;    ///< Its data is the back end's once it is issued.
        bool in_order = false;  ///< Waits for no other request.
        bool issued = false;
        bool ended = false;  ///< Here.
        DiskStatus status = DiskStatus::ok;
        std::vector<u8> data;              ///< Of a read left to this replica.
        std::optional<DiskStatus> logged;  ///< The log says how it ended, and the own one has not.
        std::optional<BackupRead> backup_read;
        u64 issued_ns = 0;  ///< By check_own_disks' clock; 0: not looked at yet.
    };

    struct Disk {
        DiskHolding holding;
        std::shared_ptr<DiskBackend> backend;
        std::map<u64, Pending> pending;
        RequestOrder order;
        std::deque<u64> gated;               ///< Wait for release, in order.
        std::map<u64, BackupRead> expected;  ///< Of requests that the guest has yet to make.
        std::optional<ChangeMap> changes;
        Counts counts;
    };

    struct Completion {
        u32 disk = 0;
        u64 id = 0;
        DiskStatus status = DiskStatus::ok;
        std::vector<u8> data;
        bool left = false;  ///< To the backup, as long as nothing changes about that.
        u64 hash = 0;
    };

    bool released(const Disk& disk, const DiskRequest& request) const {
        return !disk.holding.shared || request.output_sequence <= released_through_;
    }
    static u64 bytes_held(const DiskRequest& request);
    static u64 weight_of(const DiskRequest& request);
    static std::vector<u64> durable_by(const Disk& disk, const DiskRequest& request);
    void take_in(u32 index, DiskRequest&& request);
    void issue_if_due(u32 index, Pending& pending);
    void issue(u32 index, Pending& pending);
    /// `id` ended for the others: those behind it may go.
    void end_in_order(u32 index, u64 id);
    void transfer_ended(u32 index, u64 id, DiskResult&& result);
    void ended_live(u32 index, Pending& pending, DiskResult&& result, u64 hash);
    void ended_own(u32 index, Pending& pending);
    void ended_backup_read(u32 index, Pending& pending, DiskResult&& result, u64 hash);
    void begin_backup_read(u32 index, Pending& pending, const BackupRead& read);
    void issue_backup_read_if_due(u32 index, Pending& pending);
    void issue_waiting_backup_reads();
    Outcome wait_for_backup_read(Lock& lock, u32 index, Pending& pending,
                                 const std::atomic<bool>& cancel);
    void wait_for_own_disk(Lock& lock, u32 index);
    void fail(u32 index, const std::string& what);
    Outcome wait_drained(Lock& lock, const std::atomic<bool>& cancel);
    void issue_again();

    const Listener listener_;
    const std::shared_ptr<BackendCalls> calls_ = std::make_shared<BackendCalls>();

    mutable std::mutex mutex_;
    // Below: under mutex_. Back ends are given transfers under it: `done` never comes from inside.
    std::condition_variable changed_;  ///< For those who wait here.
    Mode mode_ = Mode::discard;
    bool closed_ = false;
    std::vector<Disk> disks_;
    u64 released_through_ = 0;
    std::deque<Completion> completions_;
    bool reads_on_backup_ = false;
    ReadLedger ledger_;
    ReadProgress progress_;
    u64 own_bytes_ = 0, own_requests_ = 0;  ///< A replica's own, issued or waiting for their turn.
    u64 own_issued_ = 0;
    u64 logged_under_way_ = 0;   ///< Of those: ended according to the log.
    u64 backup_read_bytes_ = 0;  ///< Under way or there.
    std::deque<std::pair<u32, u64>> backup_reads_waiting_;
    std::string failure_;  ///< Why this replica's own disk is of no use.
};

}  // namespace vmft
