#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <string>

#include "world/disk/iscsi_address.h"
#include "world/disk/scsi_command.h"

struct iscsi_context;
struct scsi_task;

namespace vmft {

/// One session with a target, over libiscsi: logged in once, and thrown away when it breaks.
///
/// libiscsi would reconnect by itself and send unanswered commands again, without a word. That is
/// switched off: before a write may go out again we have to know that the disk is still ours
/// (IscsiReservation), and a COMPARE AND WRITE must not be sent twice. So a new session is a new
/// object, and what was unanswered comes back as End::no_answer.
///
/// A session is alive as long as the target answers pings (NOP-Out), so a slow flush is no silence.
/// One thread uses it.
class IscsiConnection {
public:
    using Clock = std::chrono::steady_clock;

    /// `session` (24 bits) is the same for all sessions of a disk: with it the target ends the one
    /// before at the login, and drops what it still had to do for it (RFC 7143 6.3.5). So no late
    /// write of an old session follows one that was sent again.
    IscsiConnection(const IscsiAddress& address, u32 session);
    /// Commands without an answer end with End::no_answer.
    ~IscsiConnection();

    struct Fault {
        std::string message;   ///< Empty: none.
        bool refused = false;  ///< The target said no; else it did not answer.
        bool by_chap = false;
        std::string redirect;  ///< The target is at this portal now.
    };
    Fault log_in(Clock::time_point deadline, const std::atomic<bool>& cancel);

    using Done = std::function<void(const scsi::Reply&)>;
    /// `done` is called from a method of this object, or from its destructor.
    void send(const scsi::Command& command, Done done);
    /// Sends it and waits; others go on meanwhile.
    scsi::Reply perform(const scsi::Command& command, Clock::time_point deadline,
                        const std::atomic<bool>& cancel);
    /// Aborts what the target does for this LUN, whoever sent it. False: no answer, or refused.
    bool reset_lun(Clock::time_point deadline, const std::atomic<bool>& cancel);

    /// Does what can be done; waits up to `timeout_ms` for something to do, or for `wake_fd` (none:
    /// -1), which it does not read.
    void service(int timeout_ms, int wake_fd);

    /// Why nothing can be done with it any more; empty: it is fine.
    const std::string& broken() const { return broken_; }
    u32 unanswered() const { return static_cast<u32>(sent_.size()); }

private:
    struct Sent {
        IscsiConnection* connection;
        scsi_task* task;
        Done done;
        Clock::time_point at;
        u32 data_bytes;
    };
    /// What libiscsi's other callbacks say; here, since they may come late.
    struct Step {
        int status = -1;
        bool ended = false, accepted = false;
    };
    static void step_ended(iscsi_context*, int status, void* data, void* step);
    static void answered(iscsi_context*, int status, void* data, void* sent);
    void keep_alive();
    void fail(const std::string& why);
    /// Until `condition`; false when it was not met in time, or broken.
    bool wait_for(const std::function<bool()>& condition, Clock::time_point deadline,
                  const std::atomic<bool>& cancel);

    IscsiAddress address_;
    iscsi_context* context_;
    std::list<Sent> sent_;
    std::string broken_;
    Step connecting_, login_, reset_;
    bool destroying_ = false, logged_in_ = false, pinged_ = false, probing_ = false;
    Clock::time_point heard_at_{}, pinged_at_{}, probed_at_{};
};

}  // namespace vmft
