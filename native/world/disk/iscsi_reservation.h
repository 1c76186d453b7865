#pragma once

#include <optional>
#include <string>

#include "world/disk/iscsi_lun.h"

namespace vmft {

/// Whose an iSCSI disk is: a persistent reservation, Write Exclusive – Registrants Only.
///
/// Every session that writes registers a key. The claim's key is made of the holder's name. Who
/// takes the disk over preempts that key: the target forgets all sessions registered with it, and
/// refuses their writes from then on. What it has begun to do for them it aborts (PREEMPT AND
/// ABORT; where a target does not have that, a reset of the LUN after the PREEMPT). A session that
/// only compares and writes the reserved area registers another key, so it survives a take-over.
///
/// After a reconnection we are not registered any more, or as a session that is gone. To register
/// again is right only if the reservation is still ours, and that has to be looked at *after*
/// registering: in the other order somebody may take over in between, and our new registration,
/// which he never saw, would let us write.
///
/// A target may forget reservations when it restarts (tgt does; others keep them: APTPL). Then
/// "nobody holds it" does not say whether we still may. So the claim is also written down in the
/// reserved area, after the reservation and before anything else; who finds no reservation reads
/// there who claimed last.
class IscsiReservation {
public:
    explicit IscsiReservation(const std::string& holder);

    enum class State : u8 { unclaimed, ours, lost };
    State state() const { return state_; }
    void lose() { state_ = State::lost; }

    struct Outcome {
        bool done = false;
        bool reconnect = false;  ///< The session has to be made anew: its commands were aborted.
        std::string fault;       ///< Why it is not done.
    };
    /// `take`: from whoever holds it. Else only what nobody holds; then done means that there was
    /// an answer, and the state says which.
    Outcome claim(IscsiLun& lun, const IscsiFacts& facts, bool take);
    /// In a new session. What was ours may be lost afterwards.
    Outcome resume(IscsiLun& lun, const IscsiFacts& facts);
    /// Lets this session write the reserved area of a disk that somebody holds.
    Outcome visit(IscsiLun& lun);
    /// Gives it back, as far as the target answers.
    void release(IscsiLun& lun);

private:
    /// The holder's key, 0 when nobody holds it; none without an answer.
    std::optional<u64> holder(IscsiLun& lun, std::string& fault);
    scsi::Reply out(IscsiLun& lun, scsi::ReserveOut action, u64 key, u64 action_key,
                    bool keep = false);
    scsi::Reply register_claim(IscsiLun& lun, const IscsiFacts& facts);
    Outcome write_claim(IscsiLun& lun, const IscsiFacts& facts);
    /// Whether the claim written down is ours; none without an answer.
    std::optional<bool> claim_is_ours(IscsiLun& lun, const IscsiFacts& facts);
    std::string claim_text() const;

    u64 key_, visitor_key_;
    State state_ = State::unclaimed;
    bool visiting_ = false;
};

}  // namespace vmft
