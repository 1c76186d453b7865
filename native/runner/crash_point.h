#pragma once

#include <atomic>
#include <functional>

#include "base/types.h"

namespace vmft {

/// The steps of a disk write's life on a live machine, each of which a test may make the last thing
/// that this process does.
enum class CrashPoint : u8 {
    none,
    write_requested,      ///< The guest asked; the log does not have it.
    write_sent,           ///< The backup has the log up to it; this replica is about to learn that.
    write_released,       ///< It may go; it is not issued.
    write_issued,         ///< The back end has it, and has not ended it.
    write_done,           ///< The back end is done; the end is no input yet.
    completion_recorded,  ///< The end is in a segment; as write_sent.
};

inline constexpr const char* crash_point_names[] = {
    "none",         "write-requested", "write-sent",         "write-released",
    "write-issued", "write-done",      "completion-recorded"};

/// Counts one kind of step, and dies at the one wanted. Any thread. A process (`only_with_backup`)
/// counts only while a backup has the machine: what dies before or alone takes the machine with it.
class CrashTrigger {
public:
    CrashTrigger() = default;
    /// `count` from 1. `die` ends the process at once, in whatever way it must not be prepared for.
    CrashTrigger(CrashPoint point, u64 count, std::function<void()> die,
                 bool only_with_backup = false)
        : point_(point), left_(count), counts_(!only_with_backup), die_(std::move(die)),
          only_with_backup_(only_with_backup) {}
    CrashTrigger(CrashTrigger&& other)
        : point_(other.point_), left_(other.left_.load()), counts_(other.counts_.load()),
          die_(std::move(other.die_)), only_with_backup_(other.only_with_backup_) {}

    /// A backup has acknowledged some of the log; or there is none any more.
    void backup_has_machine(bool has) {
        if (only_with_backup_) counts_ = has;
    }

    void at(CrashPoint point) {
        if (!counts_) return;
        if (point == point_ && point_ != CrashPoint::none && left_.fetch_sub(1) == 1) die_();
    }

private:
    const CrashPoint point_ = CrashPoint::none;
    std::atomic<u64> left_{0};
    std::atomic<bool> counts_{true};
    const std::function<void()> die_;
    const bool only_with_backup_ = false;
};

}  // namespace vmft
