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

/// Counts one kind of step, and dies at the one wanted. Any thread.
class CrashTrigger {
public:
    CrashTrigger() = default;
    /// `count` from 1. `die` ends the process at once, in whatever way it must not be prepared for.
    CrashTrigger(CrashPoint point, u64 count, std::function<void()> die)
        : point_(point), left_(count), die_(std::move(die)) {}
    CrashTrigger(CrashTrigger&& other)
        : point_(other.point_), left_(other.left_.load()), die_(std::move(other.die_)) {}

    void at(CrashPoint point) {
        if (point == point_ && point_ != CrashPoint::none && left_.fetch_sub(1) == 1) die_();
    }

private:
    const CrashPoint point_ = CrashPoint::none;
    std::atomic<u64> left_{0};
    const std::function<void()> die_;
};

}  // namespace vmft
