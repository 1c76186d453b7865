#pragma once

#include <atomic>
#include <string>

#include "log/segment.h"
#include "machine/machine.h"

namespace vmft {

/// Re-executes segments on a machine and checks everything they say about it.
class Replay {
public:
    static constexpr u64 no_limit = ~u64{0};

    enum class Result : u8 {
        executed,   ///< The machine is at run_until, and equal to the recorded one.
        reached,    ///< The machine is at the position asked for.
        ended,      ///< Executed, and there the machine ended (power-off, …).
        diverged,   ///< The machine is not what was recorded: message() says where and how.
        cancelled,  ///< The flag was raised.
    };

    explicit Replay(Machine& machine) : machine_(machine) {}

    /// Executes a segment, but not past `until_ticks`. Inputs at exactly `until_ticks` are applied.
    /// `cancel`, looked at now and then, ends it early; the segment cannot be resumed then.
    Result execute(const Segment& segment, u64 until_ticks, const std::atomic<bool>& cancel);

    const std::string& message() const { return message_; }
    /// Digests (state and memory) found equal.
    u64 digests_checked() const { return digests_checked_; }

private:
    bool run_to(const Position& target, const std::atomic<bool>& cancel);
    Result execute_exactly(const Segment& segment, u64 until_ticks,
                           const std::atomic<bool>& cancel);
    Result diverged(const Segment& segment, const std::string& what);
    Result at_position(const Segment& segment, const Position& expected, const char* what);

    Machine& machine_;
    std::string message_;
    u64 digests_checked_ = 0;
};

}  // namespace vmft
