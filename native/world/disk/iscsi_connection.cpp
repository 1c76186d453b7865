#include "world/disk/iscsi_connection.h"

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace vmft {
namespace {

using namespace std::chrono_literals;

constexpr auto ping_interval = 1s;
/// A target that says nothing for this long, pings included, is given up.
constexpr auto silence_max = 5s;
/// A LUN that another host resets forgets commands without a word, but tells who asks.
constexpr auto probe_after = 2s;
/// A target that answers pings, but not this command, has lost it.
constexpr auto answer_max = 60s;
constexpr int step_ms = 50;

int xfer_direction(scsi::Command::Data direction) {
    switch (direction) {
    case scsi::Command::Data::none: return SCSI_XFER_NONE;
    case scsi::Command::Data::in: return SCSI_XFER_READ;
    case scsi::Command::Data::out: return SCSI_XFER_WRITE;
    }
    return SCSI_XFER_NONE;
}

/// libiscsi ends its messages as it likes.
std::string error_of(iscsi_context* context) {
    std::string text = iscsi_get_error(context);
    std::replace(text.begin(), text.end(), '\n', ' ');
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return text.empty() ? "no reason given" : text;
}

std::string socket_error(int fd) {
    int error = 0;
    socklen_t bytes = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes);
    return error == 0 ? "the connection broke" : std::strerror(error);
}

}  // namespace

IscsiConnection::IscsiConnection(const IscsiAddress& address, u32 session)
    : address_(address), context_(iscsi_create_context(address.initiator.c_str())) {
    if (!context_) throw std::bad_alloc();
    iscsi_set_isid_random(context_, session & 0xffffff, 0);
    iscsi_set_targetname(context_, address_.target.c_str());
    iscsi_set_session_type(context_, ISCSI_SESSION_NORMAL);
    iscsi_set_header_digest(context_, ISCSI_HEADER_DIGEST_NONE_CRC32C);
    iscsi_set_noautoreconnect(context_, 1);
    if (!address_.user.empty())
        iscsi_set_initiator_username_pwd(context_, address_.user.c_str(),
                                         address_.password.c_str());
    if (!address_.target_user.empty())
        iscsi_set_target_username_pwd(context_, address_.target_user.c_str(),
                                      address_.target_password.c_str());
}

IscsiConnection::~IscsiConnection() {
    destroying_ = true;  // Of the tasks, only we know whether they were called back.
    iscsi_destroy_context(context_);
    std::list<Sent> unanswered = std::move(sent_);
    for (Sent& sent : unanswered) {
        scsi_free_scsi_task(sent.task);
        sent.done(scsi::Reply{});
    }
}

void IscsiConnection::fail(const std::string& why) {
    if (broken_.empty()) broken_ = why;
}

bool IscsiConnection::wait_for(const std::function<bool()>& condition, Clock::time_point deadline,
                               const std::atomic<bool>& cancel) {
    while (!condition()) {
        if (!broken_.empty() || cancel || Clock::now() >= deadline) return false;
        service(step_ms, -1);
    }
    return true;
}

void IscsiConnection::step_ended(iscsi_context*, int status, void* data, void* step_pointer) {
    auto* step = static_cast<Step*>(step_pointer);
    step->status = status;
    step->ended = true;
    // Of a task management function: its response, 0 for "complete".
    step->accepted = status == SCSI_STATUS_GOOD && data && *static_cast<u32*>(data) == 0;
}

IscsiConnection::Fault IscsiConnection::log_in(Clock::time_point deadline,
                                               const std::atomic<bool>& cancel) {
    const std::string& portal = address_.portal;
    if (iscsi_connect_async(context_, portal.c_str(), step_ended, &connecting_) != 0)
        return {"cannot connect to " + portal + ": " + error_of(context_), false, false, {}};
    bool in_time = wait_for([&] { return connecting_.ended; }, deadline, cancel);
    if (!in_time && broken_.empty()) return {portal + " does not answer", false, false, {}};
    if (!in_time || connecting_.status != SCSI_STATUS_GOOD)
        return {"cannot connect to " + portal + ": " +
                    (broken_.empty() ? error_of(context_) : broken_),
                false,
                false,
                {}};
    if (iscsi_login_async(context_, step_ended, &login_) != 0)
        return {"cannot log in to " + portal + ": " + error_of(context_), false, false, {}};
    in_time = wait_for([&] { return login_.ended; }, deadline, cancel);
    if (!in_time && broken_.empty())
        return {portal + " does not answer the login", false, false, {}};
    if (!in_time) return {portal + " ended the login", true, false, {}};
    if (login_.status == SCSI_STATUS_REDIRECT)
        return {portal + " redirects", false, false, iscsi_get_target_address(context_)};
    if (login_.status != SCSI_STATUS_GOOD) {
        std::string why = error_of(context_);
        if (why.find("(515)") != std::string::npos)
            return {portal + " has no target " + address_.target, true, false, {}};
        // Status classes 02 01 and 02 02 (RFC 7143 11.13.5), as libiscsi prints them.
        bool by_chap = why.find("(513)") != std::string::npos ||
                       why.find("(514)") != std::string::npos ||
                       why.find("uthenticat") != std::string::npos;
        return {why, true, by_chap, {}};
    }
    logged_in_ = true;
    heard_at_ = Clock::now();
    return {};
}

void IscsiConnection::send(const scsi::Command& command, Done done) {
    if (!broken_.empty()) return done(scsi::Reply{});
    std::array<u8, 16> cdb = command.cdb;
    scsi_task* task =
        scsi_create_task(command.cdb_bytes, cdb.data(), xfer_direction(command.direction),
                         static_cast<int>(command.data_bytes));
    if (!task) throw std::bad_alloc();
    sent_.push_back({this, task, std::move(done), Clock::now(), command.data_bytes});
    iscsi_data data{command.data_bytes, command.data};
    bool out = command.direction == scsi::Command::Data::out && command.data_bytes > 0;
    if (command.direction == scsi::Command::Data::in &&
        scsi_task_add_data_in_buffer(task, static_cast<int>(command.data_bytes), command.data) != 0)
        throw std::bad_alloc();
    if (iscsi_scsi_command_async(context_, address_.lun, task, answered, out ? &data : nullptr,
                                 &sent_.back()) != 0)
        fail(error_of(context_));  // It ends with the others.
}

void IscsiConnection::answered(iscsi_context*, int status, void*, void* sent_pointer) {
    auto* sent = static_cast<Sent*>(sent_pointer);
    IscsiConnection& connection = *sent->connection;
    if (connection.destroying_) return;
    scsi::Reply reply = scsi::reply_of(status, static_cast<u8>(sent->task->sense.key),
                                       static_cast<u16>(sent->task->sense.ascq));
    if (reply.end == scsi::End::no_answer) {
        // It ends with the others, by the destructor.
        connection.fail("the connection broke");
        return;
    }
    connection.heard_at_ = Clock::now();
    reply.bytes = sent->data_bytes;
    if (sent->task->residual_status == SCSI_RESIDUAL_UNDERFLOW)
        reply.bytes -= std::min<u32>(reply.bytes, static_cast<u32>(sent->task->residual));
    Done done = std::move(sent->done);
    scsi_free_scsi_task(sent->task);
    connection.sent_.remove_if([sent](const Sent& other) { return &other == sent; });
    done(reply);
}

scsi::Reply IscsiConnection::perform(const scsi::Command& command, Clock::time_point deadline,
                                     const std::atomic<bool>& cancel) {
    // Kept by the callback too: it may come after this call has given up.
    struct Result {
        scsi::Reply reply;
        bool ended = false;
    };
    auto result = std::make_shared<Result>();
    send(command, [result](const scsi::Reply& reply) {
        result->reply = reply;
        result->ended = true;
    });
    if (!wait_for([&] { return result->ended; }, deadline, cancel))
        fail(address_.portal + " does not answer");  // And its data buffer is the caller's.
    return result->ended ? result->reply : scsi::Reply{};
}

bool IscsiConnection::reset_lun(Clock::time_point deadline, const std::atomic<bool>& cancel) {
    reset_ = Step{};
    if (!broken_.empty() || iscsi_task_mgmt_lun_reset_async(
                                context_, static_cast<u32>(address_.lun), step_ended, &reset_) != 0)
        return false;
    if (wait_for([&] { return reset_.ended; }, deadline, cancel)) return reset_.accepted;
    fail(address_.portal + " does not answer a reset");
    return false;
}

void IscsiConnection::keep_alive() {
    auto now = Clock::now();
    if (pinged_ && now - pinged_at_ > silence_max && now - heard_at_ > silence_max)
        return fail(address_.portal + " does not answer");
    if (!sent_.empty() && now - sent_.front().at > answer_max)
        return fail(address_.portal + " does not end a command");
    if (!sent_.empty() && !probing_ && now - std::max(sent_.front().at, probed_at_) > probe_after) {
        probing_ = true;
        probed_at_ = now;
        send(scsi::test_unit_ready(), [this](const scsi::Reply& reply) {
            probing_ = false;
            if (reply.end == scsi::End::reset) fail("the LUN was reset");
        });
    }
    if (pinged_ || now - std::max(heard_at_, pinged_at_) < ping_interval) return;
    auto heard = [](iscsi_context*, int status, void*, void* pointer) {
        auto* connection = static_cast<IscsiConnection*>(pointer);
        if (connection->destroying_ || status != SCSI_STATUS_GOOD) return;
        connection->pinged_ = false;
        connection->heard_at_ = Clock::now();
    };
    pinged_ = true;
    pinged_at_ = now;
    if (iscsi_nop_out_async(context_, heard, nullptr, 0, this) != 0) fail(error_of(context_));
}

void IscsiConnection::service(int timeout_ms, int wake_fd) {
    if (logged_in_) keep_alive();
    if (!broken_.empty()) return;
    pollfd waits[2] = {{iscsi_get_fd(context_), 0, 0}, {wake_fd, POLLIN, 0}};
    waits[0].events = static_cast<short>(iscsi_which_events(context_) | POLLRDHUP);
    if (poll(waits, wake_fd < 0 ? 1 : 2, timeout_ms) <= 0) {
        if (iscsi_service(context_, 0) != 0) fail(error_of(context_));
        return;
    }
    short events = waits[0].revents;
    if (events == 0) return;
    // Why it is, before libiscsi takes it for its own words.
    if (events & POLLERR) return fail(socket_error(waits[0].fd));
    // What came before the end is still read; libiscsi takes POLLRDHUP for nothing.
    bool ended = (events & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
    if (iscsi_service(context_, events & (POLLIN | POLLOUT | POLLHUP | POLLERR)) != 0)
        fail(error_of(context_));
    if (ended) fail("the target ended the connection");
}

}  // namespace vmft
