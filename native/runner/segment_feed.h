#pragma once

#include <deque>
#include <optional>
#include <string>

#include "log/log_fault.h"
#include "log/segment.h"

namespace vmft {

/// The replica's end of the log: checks each frame for itself and against the one before it,
/// and keeps what is not executed yet. The caller locks.
class SegmentFeed {
public:
    /// Bytes that may wait to be executed.
    static constexpr u64 waiting_bytes_max = u64{1} << 30;

    /// Expects sequence 0 of `generation` next. None: whatever generation the log begins with, and
    /// newer ones after it, each from sequence 0 (a log file).
    void start(std::optional<u64> generation);

    /// `segment` is what decode_frame gave for a frame of `frame_bytes`. With a fault nothing
    /// changes and `reason` says what was expected.
    LogFault add(Segment&& segment, u64 frame_bytes, std::string& reason);

    bool empty() const { return waiting_.empty(); }
    Segment take();
    u64 waiting_bytes() const { return waiting_bytes_; }

private:
    struct Waiting {
        Segment segment;
        u64 bytes;
    };
    std::deque<Waiting> waiting_;
    u64 waiting_bytes_ = 0;
    bool any_generation_ = false;
    bool generation_known_ = false;
    u64 generation_ = 0;
    u64 next_sequence_ = 0;
    Position run_until_;
};

}  // namespace vmft
