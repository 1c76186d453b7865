#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "world/disk/iscsi_disk.h"

/// What the thread of an iSCSI disk does: one round after the other, each a little of everything.
namespace vmft {
namespace {

using namespace std::chrono_literals;

constexpr auto login_max = 3s;
constexpr auto retry_interval = 500ms;
/// A claim, or what else is done command by command.
constexpr auto steps_max = 10s;
constexpr auto release_max = 1s;
constexpr int idle_ms = 100;

}  // namespace

void IscsiDisk::run() {
    while (!ending_) {
        std::vector<std::function<void(IscsiQueue&)>> posted;
        bool claim_wanted;
        {
            std::lock_guard lock(mutex_);
            posted.swap(posted_);
            claim_wanted = claim_ == Claim::wanted;
            held_up_ = queue_->held_up().empty()
                           ? std::string()
                           : queue_->held_up() + " for " + address_.shown + "; waiting";
        }
        for (auto& action : posted) action(*queue_);
        if (connection_ && !connection_->broken().empty()) disconnect(connection_->broken());
        if (!connection_ && Clock::now() >= retry_at_) reconnect();
        if (connection_ && claim_wanted) do_claim();
        if (connection_ && queue_->take_visit_wanted()) visit();
        if (connection_) queue_->issue(*connection_);
        if (queue_->take_reset() && connection_) disconnect("the LUN was reset");
        queue_->expire(Clock::now());
        wait(idle_ms);
    }
    if (!connection_) return;
    if (connection_->broken().empty()) {
        IscsiLun lun(*connection_, Clock::now() + release_max, never_);
        reservation_.release(lun);
    }
    connection_.reset();
}

void IscsiDisk::wait(int timeout_ms) {
    if (connection_) {
        connection_->service(timeout_ms, wake_.get());
    } else {
        pollfd wait{wake_.get(), POLLIN, 0};
        poll(&wait, 1, timeout_ms);
    }
    u64 count;
    (void)!read(wake_.get(), &count, sizeof count);
}

void IscsiDisk::disconnect(std::string why) {
    connected_ = false;
    connection_.reset();  // What was unanswered is in the queue again.
    if (reservation_.state() != IscsiReservation::State::lost)
        set_trouble(address_.shown + ": " + why + "; trying again");
    retry_at_ = Clock::now();
}

void IscsiDisk::reconnect() {
    Established established = establish(Clock::now() + login_max);
    std::string fault = established.fault;
    const IscsiFacts& facts = established.facts;
    if (fault.empty() &&
        (facts.blocks < facts_.blocks || facts.block_bytes != facts_.block_bytes)) {
        fault = "it is smaller than it was, or another disk";
    }
    if (fault.empty() && facts_.reservations) {
        IscsiLun lun(*connection_, Clock::now() + steps_max, ending_);
        fault = reservation_.resume(lun, facts_).fault;
    }
    if (!fault.empty()) {
        connected_ = false;
        connection_.reset();
        retry_at_ = Clock::now() + retry_interval;
        set_trouble(address_.shown + ": " + fault + "; trying again");
        return;
    }
    if (reservation_.state() == IscsiReservation::State::lost) return lost();
    set_trouble({});
}

void IscsiDisk::conflict() {
    if (reservation_.state() != IscsiReservation::State::unclaimed) return lost();
    set_trouble("another host holds the disk " + address_.shown);
}

void IscsiDisk::lost() {
    reservation_.lose();
    queue_->refuse_changes();
    set_trouble("another host took the disk " + address_.shown);
}

void IscsiDisk::do_claim() {
    IscsiReservation::Outcome outcome;
    if (reservation_.state() == IscsiReservation::State::lost) {
        outcome.fault = "another host took the disk";
    } else {
        IscsiLun lun(*connection_, Clock::now() + steps_max, ending_);
        outcome = reservation_.claim(lun, facts_, true);
        if (!outcome.done) {
            // Whatever stands in the way, it is tried again until the caller gives up.
            disconnect(outcome.fault);
            retry_at_ = Clock::now() + retry_interval;
            return;
        }
        set_trouble({});
        if (outcome.reconnect) disconnect("the LUN was reset");
    }
    std::lock_guard lock(mutex_);
    if (claim_ != Claim::wanted) return;
    claim_ = Claim::ended;
    claim_fault_ = outcome.fault.empty() ? std::string() : address_.shown + ": " + outcome.fault;
    claim_ended_.notify_all();
}

void IscsiDisk::visit() {
    IscsiLun lun(*connection_, Clock::now() + steps_max, ending_);
    IscsiReservation::Outcome outcome = reservation_.visit(lun);
    if (!outcome.done && !connection_->broken().empty()) disconnect(connection_->broken());
}

}  // namespace vmft
