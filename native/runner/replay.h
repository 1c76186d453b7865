#pragma once

#include <atomic>
#include <string>

#include "disk/disk_queue.h"
#include "log/segment.h"
#include "machine/machine.h"

namespace vmft {

/// Re-executes segments on a machine and checks everything they say about it.
class Replay {
public:
    static constexpr u64 no_limit = ~u64{0};

    enum class Result : u8 {
        executed,     ///< The machine is at run_until, and equal to the recorded one.
        reached,      ///< The machine is at the position asked for.
        ended,        ///< Executed, and there the machine ended (power-off, …).
        diverged,     ///< The machine is not what was recorded: message() says where and how.
        disk_failed,  ///< This replica's own disk cannot go on: message() says why.
        cancelled,    ///< The flag was raised.
    };

    /// Without `disks`, completions carry everything.
    explicit Replay(Machine& machine, DiskQueue* disks = nullptr)
        : machine_(machine), disks_(disks) {}

    /// Executes a segment, but not past `until_ticks`. Inputs at exactly `until_ticks` are applied.
    /// `cancel`, looked at now and then, ends it early; the segment cannot be resumed then.
    Result execute(Segment segment, u64 until_ticks, const std::atomic<bool>& cancel);

    const std::string& message() const { return message_; }
    /// Digests (state and memory) found equal.
    u64 digests_checked() const { return digests_checked_; }

private:
    bool run_to(const Position& target, const std::atomic<bool>& cancel);
    Result execute_exactly(Segment& segment, u64 until_ticks, const std::atomic<bool>& cancel);
    Result complete(const Segment& segment, DiskCompletionInput& completion,
                    const std::atomic<bool>& cancel);
    Result diverged(const Segment& segment, const std::string& what);
    Result at_position(const Segment& segment, const Position& expected, const char* what);

    Machine& machine_;
    DiskQueue* const disks_;
    std::string message_;
    u64 digests_checked_ = 0;
};

}  // namespace vmft
