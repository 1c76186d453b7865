#include "disk/disk_queue.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash64.h"
#include "base/limits.h"

namespace vmft {

DiskQueue::DiskQueue(std::vector<DiskHolding> holdings, Listener listener)
    : listener_(std::move(listener)) {
    for (const DiskHolding& holding : holdings) {
        Disk disk;
        disk.holding = holding;
        disks_.push_back(std::move(disk));
    }
}

void DiskQueue::shut_down() {
    close();
    calls_->owner_goes();
    std::vector<std::shared_ptr<DiskBackend>> backends;  // These go without the lock.
    std::lock_guard lock(mutex_);
    for (Disk& disk : disks_) backends.push_back(std::move(disk.backend));
}

void DiskQueue::attach(u32 disk, std::shared_ptr<DiskBackend> backend) {
    std::lock_guard lock(mutex_);
    disks_.at(disk).backend = std::move(backend);
}

bool DiskQueue::attached(u32 disk) const {
    std::lock_guard lock(mutex_);
    return disks_.at(disk).backend != nullptr;
}

void DiskQueue::begin(Mode mode) {
    std::lock_guard lock(mutex_);
    VMFT_CHECK(mode != Mode::live);
    mode_ = mode;
}

void DiskQueue::close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

u64 DiskQueue::bytes_held(const DiskRequest& request) {
    bool has_data =
        request.operation == DiskOperation::read || request.operation == DiskOperation::write;
    return has_data ? request.bytes : 0;
}

u64 DiskQueue::weight_of(const DiskRequest& request) {
    return bytes_held(request) + limits::disk_request_bookkeeping_bytes;
}

void DiskQueue::requested(DiskRequest&& request) {
    Lock lock(mutex_);
    if (mode_ == Mode::discard || closed_) return;
    VMFT_CHECK(request.disk < disks_.size());
    u32 index = request.disk;
    if (mode_ == Mode::live && request.changes()) listener_.step(DiskStep::requested);
    take_in(index, std::move(request));
    if (mode_ == Mode::replica && !disks_[index].holding.shared) wait_for_own_disk(lock, index);
}

void DiskQueue::take_in(u32 index, DiskRequest&& request) {
    Disk& disk = disks_[index];
    u64 id = request.id;
    auto [at, is_new] = disk.pending.try_emplace(id);
    if (!is_new) return;  // Repeated without need.
    Pending& pending = at->second;
    pending.request = std::move(request);
    const DiskRequest& asked = pending.request;
    disk.counts.bytes_waiting += weight_of(asked);

    bool is_read = asked.operation == DiskOperation::read;
    bool own = mode_ == Mode::replica && !disk.holding.shared;
    static const std::vector<u64> none;
    // A replica reads only what is left to it; on its own disk that has its turn among its writes.
    bool ordered = mode_ == Mode::live || (own && (!is_read || disk.holding.reads_on_backup));
    if (ordered) pending.in_order = disk.order.add(asked, own ? durable_by(disk, asked) : none);
    if (mode_ == Mode::live) {
        if (!released(disk, asked)) disk.gated.push_back(id);
        issue_if_due(index, pending);
        return;
    }
    if (own && !is_read) {
        own_bytes_ += bytes_held(asked);
        own_requests_++;
        issue_if_due(index, pending);
    }
    auto expected = disk.expected.find(id);
    if (expected == disk.expected.end()) return;
    BackupRead read = expected->second;
    disk.expected.erase(expected);
    begin_backup_read(index, pending, read);
}

void DiskQueue::issue_if_due(u32 index, Pending& pending) {
    Disk& disk = disks_[index];
    if (pending.issued || !pending.in_order || closed_) return;
    if (mode_ == Mode::replica) {
        if (pending.request.operation == DiskOperation::read) {
            issue_backup_read_if_due(index, pending);
        } else if (!disk.holding.shared) {
            issue(index, pending);
        }
        return;
    }
    if (!released(disk, pending.request)) return;
    if (pending.request.changes()) listener_.step(DiskStep::released);
    issue(index, pending);
    if (pending.request.changes()) listener_.step(DiskStep::issued);
}

void DiskQueue::issue(u32 index, Pending& pending) {
    Disk& disk = disks_[index];
    VMFT_CHECK(disk.backend != nullptr && !pending.issued);
    pending.issued = true;
    disk.counts.issued++;
    if (mode_ == Mode::replica && !pending.backup_read) own_issued_++;
    DiskTransfer transfer;
    transfer.operation = pending.request.operation;
    transfer.offset_bytes = pending.request.offset_bytes;
    transfer.bytes = pending.request.bytes;
    transfer.data = std::move(pending.request.data);
    transfer.may_unmap = pending.request.may_unmap;
    disk.backend->submit(std::move(transfer), [this, calls = calls_, index,
                                               id = pending.request.id](DiskResult&& result) {
        calls->enter([&] { transfer_ended(index, id, std::move(result)); });
    });
}

void DiskQueue::end_in_order(u32 index, u64 id) {
    std::vector<u64> freed;
    disks_[index].order.end(id, freed);
    for (u64 next : freed) {
        auto at = disks_[index].pending.find(next);
        if (at == disks_[index].pending.end()) continue;
        at->second.in_order = true;
        issue_if_due(index, at->second);
    }
}

void DiskQueue::transfer_ended(u32 index, u64 id, DiskResult&& result) {
    // Without the lock: it takes its time, and is needed for few.
    bool hashed = disks_[index].holding.reads_on_backup && !result.data.empty();
    u64 hash = hashed ? hash64(result.data) : 0;
    bool live = false, progressed = false;
    {
        std::lock_guard lock(mutex_);
        Disk& disk = disks_[index];
        auto at = disk.pending.find(id);
        VMFT_CHECK(at != disk.pending.end());
        Pending& pending = at->second;
        const DiskRequest& request = pending.request;
        disk.counts.issued--;
        if (request.changes() && disk.changes)
            disk.changes->mark(request.offset_bytes, request.bytes);
        if (result.status == DiskStatus::ok) {
            switch (request.operation) {
            case DiskOperation::read:
                if (result.data.size() != request.bytes) result = {DiskStatus::io_error, {}};
                disk.counts.reads++;
                disk.counts.bytes_read += result.data.size();
                break;
            case DiskOperation::flush: disk.counts.flushes++; break;
            default:
                disk.counts.writes++;
                disk.counts.bytes_written += request.bytes;
                break;
            }
        }
        live = mode_ == Mode::live;
        if (live && request.changes() && !closed_) listener_.step(DiskStep::done);
        u64 progress_before = progress_.count();
        if (live) {
            ended_live(index, pending, std::move(result), hash);
        } else if (pending.backup_read) {
            ended_backup_read(index, pending, std::move(result), hash);
        } else {
            pending.status = result.status;
            ended_own(index, pending);
        }
        progressed = progress_.count() > progress_before;
        changed_.notify_all();
    }
    if (live) listener_.request_ended();
    if (progressed) listener_.reads_progressed();
}

void DiskQueue::ended_live(u32 index, Pending& pending, DiskResult&& result, u64 hash) {
    Disk& disk = disks_[index];
    pending.ended = true;
    disk.counts.bytes_waiting -= weight_of(pending.request);
    Completion completion;
    completion.disk = index;
    completion.id = pending.request.id;
    completion.status = result.status;
    if (result.status == DiskStatus::ok) completion.data = std::move(result.data);
    completion.left = reads_on_backup_ && disk.holding.reads_on_backup &&
                      !completion.data.empty() && result.status == DiskStatus::ok;
    completion.hash = hash;
    bool ends_later = completion.left && disk.holding.shared;
    completions_.push_back(std::move(completion));
    if (!ends_later) end_in_order(index, pending.request.id);
}

bool DiskQueue::completion_waits() const {
    std::lock_guard lock(mutex_);
    return !completions_.empty() && !closed_;
}

u64 DiskQueue::completion_bytes() const {
    std::lock_guard lock(mutex_);
    return completions_.empty() ? 0 : completions_.front().data.size();
}

bool DiskQueue::take_completion(DiskCompletionInput& completion) {
    std::lock_guard lock(mutex_);
    if (completions_.empty() || closed_) return false;
    Completion& next = completions_.front();
    completion = {};
    completion.disk = next.disk;
    completion.request = next.id;
    completion.status = next.status;
    completion.data = std::move(next.data);
    completion.read_on_backup = next.left;
    if (next.left) {
        completion.data_hash = next.hash;
        ledger_.left(next.disk, next.id);
    }
    auto at = disks_[next.disk].pending.find(next.id);
    if (at->second.request.changes()) listener_.step(DiskStep::taken);
    disks_[next.disk].pending.erase(at);
    completions_.pop_front();
    return true;
}

void DiskQueue::set_reads_on_backup(bool on) {
    std::lock_guard lock(mutex_);
    reads_on_backup_ = on;
    ReadLedger::Read read;
    while (ledger_.take_done(ReadLedger::all, read)) end_in_order(read.disk, read.id);
    ledger_.reset();
    // These ended under the former account, and what they read may be changed from here on: the log
    // carries it.
    for (Completion& completion : completions_) {
        if (!completion.left) continue;
        completion.left = false;
        end_in_order(completion.disk, completion.id);
    }
}

void DiskQueue::reads_done(u64 count) {
    std::lock_guard lock(mutex_);
    ReadLedger::Read read;
    while (ledger_.take_done(count, read)) end_in_order(read.disk, read.id);
}

void DiskQueue::release(u64 through) {
    std::lock_guard lock(mutex_);
    released_through_ = std::max(released_through_, through);
    for (u32 index = 0; index < disks_.size(); index++) {
        Disk& disk = disks_[index];
        while (!disk.gated.empty()) {
            auto at = disk.pending.find(disk.gated.front());
            if (at != disk.pending.end()) {
                if (!released(disk, at->second.request)) break;
                issue_if_due(index, at->second);
            }
            disk.gated.pop_front();
        }
    }
}

void DiskQueue::track_changes(u32 disk, bool on) {
    std::lock_guard lock(mutex_);
    Disk& tracked = disks_.at(disk);
    if (on && tracked.backend)
        tracked.changes.emplace(tracked.backend->geometry().capacity_bytes);
    else
        tracked.changes.reset();
}

std::vector<DiskRange> DiskQueue::take_changes(u32 disk) {
    std::lock_guard lock(mutex_);
    Disk& tracked = disks_.at(disk);
    return tracked.changes ? tracked.changes->take() : std::vector<DiskRange>{};
}

DiskQueue::Counts DiskQueue::counts(u32 disk) const {
    std::shared_ptr<DiskBackend> backend;
    Counts counts;
    {
        std::lock_guard lock(mutex_);
        const Disk& counted = disks_.at(disk);
        counts = counted.counts;
        counts.pending = counted.pending.size();
        backend = counted.backend;
    }
    if (backend) counts.trouble = backend->trouble();
    return counts;
}

u64 DiskQueue::bytes_waiting() const {
    std::lock_guard lock(mutex_);
    u64 bytes = 0;
    for (const Disk& disk : disks_) bytes += disk.counts.bytes_waiting;
    return bytes;
}

}  // namespace vmft
