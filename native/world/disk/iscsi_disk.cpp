#include "world/disk/iscsi_disk.h"

#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"
#include "world/disk/reserved_area.h"

namespace vmft {
namespace {

using namespace std::chrono_literals;

/// The arbiter counts storage that takes longer as out of reach.
constexpr auto reserved_answer_max = 2s;
constexpr auto cancel_poll = 20ms;

u32 random_session() {
    u32 session = 0;
    VMFT_CHECK(getrandom(&session, sizeof session, 0) == sizeof session);
    return session;
}

}  // namespace

IscsiDisk::IscsiDisk(const std::string& url, const DiskOptions& options)
    : address_(parse_iscsi_url(url)), options_(options), session_(random_session()),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), reservation_(options.holder) {
    VMFT_CHECK(static_cast<bool>(wake_));
    auto deadline = Clock::now() + std::chrono::milliseconds(options.timeout_ms);
    Established established = establish(deadline);
    check_facts(established);
    facts_ = established.facts;
    geometry_.block_bytes = facts_.block_bytes;
    geometry_.capacity_bytes =
        reserved_offset(address_.shown, facts_.blocks * facts_.block_bytes, facts_.block_bytes);
    geometry_.read_only = options_.read_only;
    read_reserved_area(deadline);
    if (options_.claim) claim_at_opening(deadline);
    queue_ = std::make_unique<IscsiQueue>(facts_, !options_.shared, [this] { conflict(); });
    thread_ = std::thread([this] { run(); });
}

IscsiDisk::~IscsiDisk() {
    ending_ = true;
    wake();
    if (thread_.joinable()) thread_.join();
}

IscsiDisk::Established IscsiDisk::establish(Clock::time_point deadline) {
    IscsiAddress address = address_;
    for (int redirects = 0; redirects < 3; redirects++) {
        connection_ = std::make_unique<IscsiConnection>(address, session_);
        IscsiConnection::Fault fault = connection_->log_in(deadline, ending_);
        if (fault.message.empty()) {
            IscsiLun lun(*connection_, deadline, ending_);
            IscsiLun::Inspected inspected = lun.inspect();
            connected_ = inspected.fault.empty();
            return {inspected.fault, inspected.refused, false, inspected.facts};
        }
        if (fault.redirect.empty()) return {fault.message, fault.refused, fault.by_chap, {}};
        address.portal = fault.redirect;
    }
    return {"the target redirects in a circle", true, false, {}};
}

void IscsiDisk::check_facts(const Established& established) {
    const std::string& url = address_.shown;
    if (established.by_chap)
        throw DiskFault(
            "disk-unusable",
            url + ": the target refuses the login: " +
                (address_.user.empty() ? "it asks for a password" : "wrong user or password"),
            "write iscsi://USER%PASSWORD@…, or set LIBISCSI_CHAP_USERNAME and "
            "LIBISCSI_CHAP_PASSWORD");
    if (!established.fault.empty() && established.refused)
        throw DiskFault("disk-unusable", url + ": " + established.fault,
                        "check target and LUN, and that the target lets this host in as " +
                            address_.initiator);
    if (!established.fault.empty())
        throw DiskFault("disk-unavailable", url + ": " + established.fault,
                        "check the address, and that the target runs");
    if (established.facts.write_protected && !options_.read_only)
        throw DiskFault("disk-unusable", url + " is write-protected",
                        "name it with ,readonly, or let the target write it");
    if (options_.shared && !options_.read_only && !established.facts.reservations)
        throw DiskFault("disk-unusable",
                        url + " has no persistent reservations, so it cannot be kept to one host",
                        "use another target, or hold the disk ,private");
}

void IscsiDisk::read_reserved_area(Clock::time_point deadline) {
    IscsiLun lun(*connection_, deadline, ending_);
    std::vector<u8> area(limits::disk_reserved_bytes);
    const u64 step_bytes = limits::iscsi_command_bytes_max;
    for (u64 offset = 0; offset < area.size(); offset += step_bytes) {
        std::span<u8> step = std::span(area).subspan(offset, step_bytes);
        u64 block = (geometry_.capacity_bytes + offset) / facts_.block_bytes;
        auto blocks = static_cast<u32>(step.size() / facts_.block_bytes);
        scsi::Reply reply = lun.perform(scsi::read(block, blocks, step));
        if (!reply.good() || reply.bytes != step.size())
            throw DiskFault("disk-unavailable",
                            address_.shown + " cannot be read: " + scsi::text_of(reply));
    }
    check_reserved_area(address_.shown, area, facts_.block_bytes);
}

void IscsiDisk::claim_at_opening(Clock::time_point deadline) {
    if (geometry_.read_only || !facts_.reservations) return;
    IscsiLun lun(*connection_, deadline, ending_);
    IscsiReservation::Outcome outcome = reservation_.claim(lun, facts_, false);
    if (!outcome.done) throw DiskFault("disk-unavailable", address_.shown + ": " + outcome.fault);
}

u64 IscsiDisk::reserved_block(u32 index) const {
    VMFT_CHECK(index < limits::disk_reserved_bytes / facts_.block_bytes);
    return geometry_.capacity_bytes / facts_.block_bytes + index;
}

void IscsiDisk::wake() {
    u64 one = 1;
    (void)!write(wake_.get(), &one, sizeof one);
}

void IscsiDisk::post(std::function<void(IscsiQueue&)> action) {
    {
        std::lock_guard lock(mutex_);
        posted_.push_back(std::move(action));
    }
    wake();
}

void IscsiDisk::submit(DiskTransfer&& transfer, Done done) {
    VMFT_CHECK(transfer.offset_bytes <= geometry_.capacity_bytes &&
               transfer.bytes <= geometry_.capacity_bytes - transfer.offset_bytes);
    unfinished_++;
    auto finish = [this, done = std::move(done)](DiskResult&& result) {
        unfinished_--;
        done(std::move(result));
    };
    bool refused = geometry_.read_only && transfer.operation != DiskOperation::read &&
                   transfer.operation != DiskOperation::flush;
    auto shared = std::make_shared<DiskTransfer>(std::move(transfer));
    post([shared, refused, finish](IscsiQueue& queue) {
        if (refused) return finish({DiskStatus::io_error, {}});
        queue.add(std::move(*shared), finish);
    });
}

IscsiDisk::ReservedDone IscsiDisk::begin_reserved(ReservedDone done) {
    unfinished_++;
    return [this, done = std::move(done)](ReservedResult&& result) {
        unfinished_--;
        if (!result.fault.empty()) result.fault = address_.shown + ": " + result.fault;
        done(std::move(result));
    };
}

void IscsiDisk::read_reserved(u32 index, ReservedDone done) {
    auto answer_by = Clock::now() + reserved_answer_max;
    ReservedDone finish = begin_reserved(std::move(done));
    post([block = reserved_block(index), answer_by, finish](IscsiQueue& queue) {
        queue.add_read_reserved(block, answer_by, finish);
    });
}

void IscsiDisk::compare_and_write(u32 index, std::vector<u8> expected, std::vector<u8> desired,
                                  ReservedDone done) {
    auto answer_by = Clock::now() + reserved_answer_max;
    ReservedDone finish = begin_reserved(std::move(done));
    post([block = reserved_block(index), answer_by, finish, expected = std::move(expected),
          desired = std::move(desired)](IscsiQueue& queue) {
        queue.add_compare_and_write(block, expected, desired, answer_by, finish);
    });
}

void IscsiDisk::next_data(u64 offset_bytes, NextDataDone done) {
    u64 left = geometry_.capacity_bytes - std::min(offset_bytes, geometry_.capacity_bytes);
    post([offset_bytes, left, done = std::move(done)](IscsiQueue&) {
        done(left == 0 ? std::nullopt : std::optional(Range{offset_bytes, left}));
    });
}

std::string IscsiDisk::claim(const std::atomic<bool>& cancel) {
    if (geometry_.read_only || !facts_.reservations) return {};
    std::unique_lock lock(mutex_);
    claim_ = Claim::wanted;
    wake();
    while (claim_ != Claim::ended) {
        if (cancel) {
            claim_ = Claim::none;
            return address_.shown + ": stopped before it was claimed" +
                   (trouble_.empty() ? "" : " (" + trouble_ + ")");
        }
        claim_ended_.wait_for(lock, cancel_poll);
    }
    claim_ = Claim::none;
    return claim_fault_;
}

std::string IscsiDisk::trouble() const {
    std::lock_guard lock(mutex_);
    return trouble_.empty() ? held_up_ : trouble_;
}

void IscsiDisk::set_trouble(const std::string& text) {
    std::lock_guard lock(mutex_);
    trouble_ = text;
}

}  // namespace vmft
