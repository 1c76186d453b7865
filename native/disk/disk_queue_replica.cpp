#include <chrono>

#include "base/limits.h"
#include "disk/disk_queue.h"

/// What a replica does with requests, and how it goes live.
namespace vmft {
namespace {

/// How long is waited between two looks at what nobody tells.
constexpr std::chrono::milliseconds look_interval{10};
constexpr u64 looks_max = limits::disk_own_transfer_ns_max / 10'000'000;

std::string name_of_disk(u32 index) { return "disk " + std::to_string(index); }

}  // namespace

void DiskQueue::fail(u32 index, const std::string& what) {
    if (failure_.empty()) failure_ = name_of_disk(index) + " of this replica: " + what;
}

void DiskQueue::wait_for_own_disk(Lock& lock, u32 index) {
    auto may_go_on = [this] {
        if (closed_ || !failure_.empty() || mode_ != Mode::replica) return true;
        // Where none is issued, all of it waits for reads of which the log has yet to tell the end.
        return own_issued_ == 0 || (own_bytes_ <= limits::disk_own_bytes_max &&
                                    own_requests_ <= limits::disk_own_requests_max);
    };
    for (u64 looks = 0; !may_go_on(); looks++) {
        if (looks == looks_max)
            fail(index, "it is behind by " + std::to_string(own_bytes_ >> 20) +
                            " MiB and does not get on");
        changed_.wait_for(lock, look_interval, may_go_on);
    }
}

std::vector<u64> DiskQueue::durable_by(const Disk& disk, const DiskRequest& request) {
    std::vector<u64> changes;
    if (request.operation != DiskOperation::flush) return changes;
    for (const auto& [id, pending] : disk.pending)
        if (pending.logged && !pending.ended && pending.request.changes()) changes.push_back(id);
    return changes;
}

void DiskQueue::ended_own(u32 index, Pending& pending) {
    u64 id = pending.request.id;
    pending.ended = true;
    own_bytes_ -= bytes_held(pending.request);
    own_requests_--;
    own_issued_--;
    if (pending.logged) {
        logged_under_way_--;
        if (*pending.logged == DiskStatus::ok && pending.status != DiskStatus::ok)
            fail(index, "what the guest was told is done has failed here");
        disks_[index].pending.erase(id);
    }
    end_in_order(index, id);
}

void DiskQueue::expect(const DiskCompletionInput& completion) {
    if (!completion.read_on_backup || completion.disk >= disks_.size()) return;
    std::lock_guard lock(mutex_);
    if (mode_ != Mode::replica) return;
    BackupRead read;
    read.number = progress_.expect();
    read.hash = completion.data_hash;
    Disk& disk = disks_[completion.disk];
    auto at = disk.pending.find(completion.request);
    if (at == disk.pending.end())
        disk.expected.emplace(completion.request, read);
    else
        begin_backup_read(completion.disk, at->second, read);
}

void DiskQueue::begin_backup_read(u32 index, Pending& pending, const BackupRead& read) {
    if (pending.backup_read || pending.request.operation != DiskOperation::read) return;
    pending.backup_read = read;
    // On a shared disk all that it may see has ended, and the primary lets nothing over it.
    if (disks_[index].holding.shared) pending.in_order = true;
    issue_backup_read_if_due(index, pending);
}

void DiskQueue::issue_backup_read_if_due(u32 index, Pending& pending) {
    if (!pending.backup_read || pending.backup_read->state != BackupRead::State::waits) return;
    if (!pending.in_order || closed_) return;
    u64 bytes = pending.request.bytes;
    if (backup_read_bytes_ != 0 &&
        backup_read_bytes_ + bytes > limits::disk_backup_read_bytes_max) {
        backup_reads_waiting_.push_back({index, pending.request.id});
        return;
    }
    backup_read_bytes_ += bytes;
    pending.backup_read->state = BackupRead::State::under_way;
    pending.backup_read->tries++;
    issue(index, pending);
}

void DiskQueue::issue_waiting_backup_reads() {
    std::deque<std::pair<u32, u64>> waiting;
    waiting.swap(backup_reads_waiting_);
    for (auto [index, id] : waiting) {
        auto at = disks_[index].pending.find(id);
        if (at != disks_[index].pending.end()) issue_backup_read_if_due(index, at->second);
    }
}

void DiskQueue::ended_backup_read(u32 index, Pending& pending, DiskResult&& result, u64 hash) {
    BackupRead& read = *pending.backup_read;
    pending.issued = false;  // It may be tried again.
    if (result.status != DiskStatus::ok) {
        read.state = BackupRead::State::failed;
    } else if (hash != read.hash) {
        read.state = BackupRead::State::differs;
    } else {
        read.state = BackupRead::State::there;
        pending.data = std::move(result.data);
        progress_.done(read.number);
        end_in_order(index, pending.request.id);
        return;
    }
    backup_read_bytes_ -= pending.request.bytes;
}

DiskQueue::Outcome DiskQueue::wait_for_backup_read(Lock& lock, u32 index, Pending& pending,
                                                   const std::atomic<bool>& cancel) {
    using State = BackupRead::State;
    BackupRead& read = *pending.backup_read;
    for (u64 looks = 0; read.state != State::there; looks++) {
        if (closed_ || cancel.load(std::memory_order_relaxed))
            return {Outcome::Kind::cancelled, {}};
        if (!failure_.empty()) return {Outcome::Kind::failed, failure_};
        if (read.state == State::failed || read.state == State::differs) {
            if (read.tries >= limits::disk_backup_read_tries_max) {
                std::string where = name_of_disk(index) +
                                    " of this replica: " + std::to_string(pending.request.bytes) +
                                    " bytes from " + std::to_string(pending.request.offset_bytes);
                if (read.state == State::failed)
                    return {Outcome::Kind::failed, where + " cannot be read"};
                return {Outcome::Kind::diverged, where + " are not what the primary read"};
            }
            changed_.wait_for(lock, std::chrono::milliseconds(limits::disk_backup_read_retry_ms),
                              [this] { return closed_; });
            read.state = State::waits;
        }
        if (read.state == State::waits && pending.in_order) {
            // What is needed now does not wait for room.
            backup_read_bytes_ += pending.request.bytes;
            read.state = State::under_way;
            read.tries++;
            issue(index, pending);
        }
        if (looks == looks_max)
            return {Outcome::Kind::failed,
                    name_of_disk(index) + " of this replica does not answer"};
        changed_.wait_for(lock, look_interval, [&] {
            return closed_ || (read.state != State::under_way && read.state != State::waits) ||
                   (read.state == State::waits && pending.in_order);
        });
    }
    return {};
}

DiskQueue::Outcome DiskQueue::complete(DiskCompletionInput& completion,
                                       const std::atomic<bool>& cancel) {
    Lock lock(mutex_);
    if (mode_ == Mode::discard) {
        if (!completion.read_on_backup) return {};
        return {Outcome::Kind::failed,
                "the log leaves reads to a backup with the disks: it cannot be replayed alone"};
    }
    if (closed_) return {Outcome::Kind::cancelled, {}};
    if (!failure_.empty()) return {Outcome::Kind::failed, failure_};
    if (completion.disk >= disks_.size()) return {};
    u32 index = completion.disk;
    Disk& disk = disks_[index];
    auto at = disk.pending.find(completion.request);
    if (at == disk.pending.end()) {
        // The device does not know it either, and says so: it was reset before the machine was
        // copied to here.
        auto expected = disk.expected.find(completion.request);
        if (expected == disk.expected.end()) return {};
        progress_.done(expected->second.number);
        disk.expected.erase(expected);
        return {};
    }
    Pending& pending = at->second;
    u64 id = completion.request;
    if (pending.logged || (pending.backup_read && !completion.read_on_backup))
        return {Outcome::Kind::diverged,
                name_of_disk(index) + ": the log has two ends of request " + std::to_string(id)};

    if (pending.request.operation != DiskOperation::read && !disk.holding.shared) {
        disk.counts.bytes_waiting -= weight_of(pending.request);
        if (!pending.ended) {
            pending.logged = completion.status;
            logged_under_way_++;
            return {};
        }
        bool broken = completion.status == DiskStatus::ok && pending.status != DiskStatus::ok;
        if (broken) fail(index, "what the guest was told is done has failed here");
        disk.pending.erase(at);
        return broken ? Outcome{Outcome::Kind::failed, failure_} : Outcome{};
    }
    if (completion.read_on_backup) {
        if (!pending.backup_read)
            return {Outcome::Kind::diverged,
                    name_of_disk(index) + ": request " + std::to_string(id) +
                        " is no read that the log could leave to this replica"};
        Outcome outcome = wait_for_backup_read(lock, index, pending, cancel);
        if (!outcome.ok()) return outcome;
        completion.data = std::move(pending.data);
        backup_read_bytes_ -= pending.request.bytes;
    }
    disk.counts.bytes_waiting -= weight_of(pending.request);
    disk.pending.erase(at);
    end_in_order(index, id);
    issue_waiting_backup_reads();
    return {};
}

u64 DiskQueue::reads_done_here() const {
    std::lock_guard lock(mutex_);
    return progress_.count();
}

DiskQueue::Outcome DiskQueue::check_own_disks(u64 now_ns) {
    std::lock_guard lock(mutex_);
    if (mode_ != Mode::replica) return {};
    for (u32 index = 0; index < disks_.size() && own_requests_ > 0; index++) {
        Disk& disk = disks_[index];
        if (disk.holding.shared) continue;
        for (auto& [id, pending] : disk.pending) {
            if (!pending.issued || pending.ended) continue;
            if (pending.issued_ns == 0) pending.issued_ns = now_ns;
            if (now_ns - pending.issued_ns > limits::disk_own_transfer_ns_max)
                fail(index, "it does not answer");
        }
    }
    if (failure_.empty()) return {};
    return {Outcome::Kind::failed, failure_};
}

DiskQueue::Outcome DiskQueue::wait_drained(Lock& lock, const std::atomic<bool>& cancel) {
    for (;;) {
        if (!failure_.empty()) return {Outcome::Kind::failed, failure_};
        if (closed_ || cancel.load(std::memory_order_relaxed))
            return {Outcome::Kind::cancelled, {}};
        if (logged_under_way_ == 0) return {};
        changed_.wait_for(lock, look_interval);
    }
}

DiskQueue::Outcome DiskQueue::drain(const std::atomic<bool>& cancel) {
    Lock lock(mutex_);
    return wait_drained(lock, cancel);
}

DiskQueue::Outcome DiskQueue::go_live(const std::atomic<bool>& cancel) {
    std::vector<std::shared_ptr<DiskBackend>> backends;
    {
        std::lock_guard lock(mutex_);
        for (Disk& disk : disks_) backends.push_back(disk.backend);
    }
    for (u32 index = 0; index < backends.size(); index++) {
        std::string fault =
            backends[index] ? backends[index]->claim(cancel) : std::string("it was never attached");
        if (cancel.load(std::memory_order_relaxed)) return {Outcome::Kind::cancelled, {}};
        if (!fault.empty())
            return {Outcome::Kind::failed, name_of_disk(index) + " cannot be claimed: " + fault};
    }
    bool some_ended = false;
    {
        Lock lock(mutex_);
        Outcome drained = wait_drained(lock, cancel);
        if (!drained.ok()) return drained;
        issue_again();
        some_ended = !completions_.empty();
    }
    if (some_ended) listener_.request_ended();
    return {};
}

void DiskQueue::issue_again() {
    mode_ = Mode::live;
    backup_reads_waiting_.clear();
    for (u32 index = 0; index < disks_.size(); index++) {
        Disk& disk = disks_[index];
        disk.order.clear();
        disk.gated.clear();
        disk.expected.clear();
        // What this replica's own disk has begun goes on, and the rest comes behind it.
        for (auto& [id, pending] : disk.pending) {
            pending.backup_read.reset();
            pending.data.clear();
            if (pending.issued && !pending.ended) disk.order.add(pending.request);
        }
        std::vector<u64> again;
        for (auto& [id, pending] : disk.pending) {
            if (pending.ended) {
                // Said in the order in which they were asked, so that of two that overlap no log
                // has the later alone.
                ended_live(index, pending, {pending.status, {}}, 0);
            } else if (!pending.issued) {
                pending.in_order = disk.order.add(pending.request);
                if (!released(disk, pending.request)) disk.gated.push_back(id);
                again.push_back(id);
            }
        }
        for (u64 id : again) issue_if_due(index, disk.pending.at(id));
    }
    own_bytes_ = own_requests_ = own_issued_ = backup_read_bytes_ = 0;
}

}  // namespace vmft
