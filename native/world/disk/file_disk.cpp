#include "world/disk/file_disk.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/check.h"
#include "base/limits.h"
#include "world/disk/byte_lock.h"
#include "world/disk/file_open.h"

namespace vmft {
namespace {

using namespace std::chrono_literals;

constexpr auto lock_poll_interval = 5ms;
/// A process that was just killed gives its lock back when the kernel has cleared it away.
constexpr auto open_claim_patience = 300ms;
constexpr auto compare_patience = 5s;

/// Which bytes stand for what: the claim, and a step of compare and write. Far behind any disk's
/// end, so that they stay the same when a disk grows while it is used.
constexpr u64 claim_byte = u64{1} << 62, compare_byte = claim_byte + 1;

bool passes(int error) { return error == ENOSPC || error == EDQUOT; }

}  // namespace

FileDisk::FileDisk(const std::string& url, const std::string& path, const DiskOptions& options)
    : url_(url), shared_(options.shared), workers_(limits::disk_threads) {
    OpenedFile file = open_disk_file(url, path, options);
    kind_ = file.block_device ? Kind::block : Kind::file;
    geometry_ = file.geometry;
    access_ = std::move(file.access);
    if (!options.claim) return;
    // Whoever only reads it keeps writers away, not readers.
    LockKind kind = geometry_.read_only ? LockKind::with_readers : LockKind::exclusive;
    auto deadline = std::chrono::steady_clock::now() + open_claim_patience;
    for (;;) {
        LockAttempt attempt = try_lock_byte(access_.fd(), claim_byte, kind);
        if (attempt == LockAttempt::taken) return;
        // Reading does no harm where there are no locks.
        if (attempt == LockAttempt::failed && geometry_.read_only) return;
        if (attempt == LockAttempt::failed)
            throw DiskFault("disk-unusable", fault("cannot be locked", errno),
                            "put it on a file system with locks");
        if (std::chrono::steady_clock::now() >= deadline)
            throw DiskFault("disk-in-use", url_ + " is in use by another process",
                            "stop that one, or name another disk");
        std::this_thread::sleep_for(lock_poll_interval);
    }
}

std::string FileDisk::claim(const std::atomic<bool>& cancel) {
    if (geometry_.read_only) return {};
    std::string failed;
    for (;;) {
        LockAttempt attempt = try_lock_byte(access_.fd(), claim_byte);
        if (attempt == LockAttempt::taken) break;
        if (attempt == LockAttempt::failed) {
            failed = fault("cannot be locked", errno);
            break;
        }
        claim_waits_ = true;
        if (cancel) {
            failed = url_ + ": stopped while another process still held it";
            break;
        }
        std::this_thread::sleep_for(lock_poll_interval);
    }
    claim_waits_ = false;
    return failed;
}

std::string FileDisk::trouble() const {
    if (claim_waits_) return "another process still holds " + url_ + "; waiting";
    if (workers_.held_up() > 0) return "no space left for " + url_ + "; waiting";
    return {};
}

void FileDisk::submit(DiskTransfer&& transfer, Done done) {
    workers_.add([this, transfer = std::move(transfer), done = std::move(done)] {
        DiskResult result;
        int error = perform(transfer, result);
        if (passes(error)) return WorkerPool::Outcome::again_later;
        if (error != 0) {
            result.status = DiskStatus::io_error;
            result.data.clear();
        }
        done(std::move(result));
        return WorkerPool::Outcome::done;
    });
}

int FileDisk::perform(const DiskTransfer& transfer, DiskResult& result) const {
    bool writes = transfer.operation != DiskOperation::read;
    if (writes && geometry_.read_only && transfer.operation != DiskOperation::flush) return EROFS;
    VMFT_CHECK(transfer.offset_bytes <= geometry_.capacity_bytes &&
               transfer.bytes <= geometry_.capacity_bytes - transfer.offset_bytes);
    switch (transfer.operation) {
    case DiskOperation::read:
        result.data.resize(transfer.bytes);
        return access_.read(transfer.offset_bytes, result.data);
    case DiskOperation::write: return access_.write(transfer.offset_bytes, transfer.data);
    case DiskOperation::flush: return geometry_.read_only ? 0 : access_.flush();
    case DiskOperation::discard:
        // Two private copies must stay alike, so there a discarded block reads as zero.
        return shared_ ? access_.discard(transfer.offset_bytes, transfer.bytes)
                       : access_.zero(transfer.offset_bytes, transfer.bytes, true);
    case DiskOperation::write_zeroes:
        return access_.zero(transfer.offset_bytes, transfer.bytes, transfer.may_unmap);
    }
    return EIO;
}

u64 FileDisk::reserved_block(u32 index) const {
    VMFT_CHECK(index < limits::disk_reserved_bytes / geometry_.block_bytes);
    return geometry_.capacity_bytes + u64{index} * geometry_.block_bytes;
}

std::string FileDisk::fault(const char* what, int error) const {
    return url_ + " " + what + ": " + std::strerror(error);
}

void FileDisk::read_reserved(u32 index, ReservedDone done) {
    workers_.add([this, offset = reserved_block(index), done = std::move(done)] {
        ReservedResult result;
        result.block.resize(geometry_.block_bytes);
        if (int error = access_.read(offset, result.block))
            result.fault = fault("cannot be read", error);
        done(std::move(result));
        return WorkerPool::Outcome::done;
    });
}

void FileDisk::compare_and_write(u32 index, std::vector<u8> expected, std::vector<u8> desired,
                                 ReservedDone done) {
    workers_.add([this, offset = reserved_block(index), expected = std::move(expected),
                  desired = std::move(desired), done = std::move(done)] {
        done(compare_and_write_locked(offset, expected, desired));
        return WorkerPool::Outcome::done;
    });
}

ReservedResult FileDisk::compare_and_write_locked(u64 offset, const std::vector<u8>& expected,
                                                  const std::vector<u8>& desired) {
    ReservedResult result;
    std::lock_guard lock(compare_mutex_);
    const u64 lock_offset = compare_byte;
    auto deadline = std::chrono::steady_clock::now() + compare_patience;
    for (;;) {
        LockAttempt attempt = try_lock_byte(access_.fd(), lock_offset);
        if (attempt == LockAttempt::taken) break;
        if (attempt == LockAttempt::failed) {
            result.fault = fault("cannot be locked", errno);
            return result;
        }
        if (workers_.ending() || std::chrono::steady_clock::now() >= deadline) {
            result.fault = url_ + ": another host holds its reserved area";
            return result;
        }
        std::this_thread::sleep_for(lock_poll_interval);
    }
    std::vector<u8> found(geometry_.block_bytes);
    int error = access_.read(offset, found);
    if (error == 0 && found == expected) {
        error = access_.write(offset, desired);
        if (error == 0) error = access_.flush();
        result.written = error == 0;
    }
    unlock_byte(access_.fd(), lock_offset);
    if (error != 0) result.fault = fault("cannot be read or written", error);
    return result;
}

void FileDisk::next_data(u64 offset_bytes, NextDataDone done) {
    workers_.add([this, offset_bytes, done = std::move(done)] {
        done(data_from(offset_bytes));
        return WorkerPool::Outcome::done;
    });
}

std::optional<OpenedDisk::Range> FileDisk::data_from(u64 offset_bytes) const {
    const u64 capacity = geometry_.capacity_bytes, block = geometry_.block_bytes;
    if (offset_bytes >= capacity) return std::nullopt;
    if (kind_ == Kind::block) return Range{offset_bytes, capacity - offset_bytes};
    off_t data = lseek(access_.fd(), static_cast<off_t>(offset_bytes), SEEK_DATA);
    if (data < 0) {
        if (errno == ENXIO) return std::nullopt;  // No data up to the end.
        return Range{offset_bytes, capacity - offset_bytes};
    }
    u64 begin = static_cast<u64>(data) / block * block;
    if (begin >= capacity) return std::nullopt;
    off_t hole = lseek(access_.fd(), data, SEEK_HOLE);
    u64 end = hole < 0 ? capacity : (static_cast<u64>(hole) + block - 1) / block * block;
    return Range{begin, std::min(end, capacity) - begin};
}

}  // namespace vmft
