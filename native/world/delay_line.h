#pragma once

#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "world/tap.h"

namespace vmft {

/// A long cable: what comes out of one of two taps goes into the other a fixed while later, in both
/// directions. As netem does it, for kernels that do not have it.
class DelayLine {
public:
    DelayLine(Tap first, Tap second);
    /// Between the taps of these names; null when one cannot be had, and then `fault` is a line.
    static std::unique_ptr<DelayLine> between(std::string_view first, std::string_view second,
                                              std::string& fault);
    DelayLine(DelayLine&&) = delete;

    /// Carries frames until the input at `control_fd` ends: lines of a decimal number each, the
    /// delay of one direction in nanoseconds from then on. Frames that are on their way keep what
    /// they came with. False when a tap is gone, or a line is no such number.
    bool run(int control_fd);

    /// More than this a direction does not hold; what comes then is lost, as on a full cable.
    static constexpr size_t bytes_max = size_t{64} << 20;
    /// Ten seconds.
    static constexpr u64 delay_ns_max = 10'000'000'000;

private:
    struct Frame {
        u64 due_ns;
        std::vector<u8> bytes;
    };
    struct Direction {
        Tap* from;
        Tap* to;
        std::deque<Frame> frames;
        size_t bytes = 0;
    };

    bool take_control(int control_fd, bool& ended);
    bool take_frames(Direction& direction);
    static void give_frames(Direction& direction);
    u64 next_due_ns() const;

    Tap first_, second_;
    std::array<Direction, 2> directions_;
    std::vector<u8> buffer_;
    std::string control_line_;
    u64 delay_ns_ = 0;
};

}  // namespace vmft
