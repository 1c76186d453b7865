#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "world/disk/iscsi_lun.h"
#include "world/disk/opened_disk.h"

namespace vmft {

/// The transfers of an iSCSI disk, cut into commands, each sent again until it has an answer. Each
/// transfer ends exactly once. Of the session's thread; it outlives sessions.
class IscsiQueue {
public:
    using Clock = std::chrono::steady_clock;

    /// `discard_zeroes`: two private copies must stay alike, so a discarded block reads as zero.
    /// `conflict`: called before a change ends as an I/O error because another host holds the disk.
    IscsiQueue(const IscsiFacts& facts, bool discard_zeroes, std::function<void()> conflict);

    void add(DiskTransfer&& transfer, DiskBackend::Done done);
    /// Operations on the reserved area have `answer_by`: without an answer by then, or when the
    /// session breaks, they end with a fault, and the caller has to look.
    void add_read_reserved(u64 block, Clock::time_point answer_by, OpenedDisk::ReservedDone done);
    void add_compare_and_write(u64 block, std::vector<u8> expected, std::vector<u8> desired,
                               Clock::time_point answer_by, OpenedDisk::ReservedDone done);

    /// Sends what can be sent.
    void issue(IscsiConnection& connection);
    /// Ends operations whose time has come.
    void expire(Clock::time_point now);
    /// From now on changes end as I/O errors: the disk is another's.
    void refuse_changes() { changes_refused_ = true; }

    /// What the commands' ends ask of the owner; each is cleared by the call.
    bool take_reset() { return std::exchange(reset_, false); }
    bool take_visit_wanted() { return std::exchange(visit_wanted_, false); }

    /// Why something waits though the target answers; empty: nothing does.
    const std::string& held_up() const { return held_up_; }

private:
    struct Operation;
    /// A part of an operation that has not been sent, or has to be again.
    struct Piece {
        std::shared_ptr<Operation> operation;
        u64 offset_bytes = 0, bytes = 0;
        bool flush = false;  ///< The flush after a COMPARE AND WRITE.
    };
    /// A piece under way, and the data that its command points to besides the operation's.
    struct Flight {
        Piece piece;
        std::array<u8, 24> parameters{};
    };

    scsi::Command command_of(Flight& flight);
    u64 bytes_max(const Operation& operation) const;
    void ended(Flight& flight, const scsi::Reply& reply);
    void transfer_ended(Piece& piece, const scsi::Reply& reply);
    void reserved_ended(Piece& piece, const scsi::Reply& reply);
    void piece_done(Operation& operation, bool failed);
    void answer(Operation& operation, ReservedResult&& result);
    void hold(Piece& piece, const char* why);

    IscsiFacts facts_;
    bool discard_zeroes_;
    std::function<void()> conflict_;
    bool write_same_ = true;
    bool changes_refused_ = false, reset_ = false, visit_wanted_ = false;
    std::deque<Piece> waiting_, held_;
    Clock::time_point held_until_{};
    std::string held_up_;
    std::vector<std::weak_ptr<Operation>> reserved_;
    u32 commands_ = 0;
    u64 bytes_ = 0;
    std::vector<u8> zeroes_;
};

}  // namespace vmft
