#pragma once

#include "determinism/recorded_run.h"
#include "log/segment_decoder.h"
#include "log/segment_encoder.h"
#include "runner/replay.h"
#include "runner/segment_feed.h"

namespace vmft::test {

/// A log frame by frame through the product's own decoder, feed and replayer, on this thread.
class LogReplay {
public:
    explicit LogReplay(Machine& machine) : replay_(machine) { feed_.start(1); }

    /// Executes one frame. False: refused (refused()), or it did not go as recorded (result(),
    /// message()).
    bool add(const std::vector<u8>& frame);
    /// Frames [first, last) of a run, numbered from 0 as in a log that begins there.
    bool add_all(const RecordedRun& run, size_t first, size_t last);

    LogFault refused() const { return refused_; }
    Replay::Result result() const { return result_; }
    const std::string& message() const { return replay_.message(); }
    u64 digests_checked() const { return replay_.digests_checked(); }

private:
    SegmentFeed feed_;
    Replay replay_;
    LogFault refused_ = LogFault::none;
    Replay::Result result_ = Replay::Result::executed;
};

/// The frame with its segment changed and sealed again: well-formed, and wrong only in what it
/// says.
template <typename Change>
std::vector<u8> changed_frame(const std::vector<u8>& frame, Change change) {
    Segment segment;
    if (decode_frame(frame, segment) != LogFault::none) return {};
    change(segment);
    SegmentEncoder encoder;
    encoder.begin(segment.generation, segment.sequence);
    for (const Record& record : segment.records) encoder.add(record.position, record.input);
    return encoder.finish(segment.run_until, segment.digest, segment.outputs_produced,
                          segment.outputs_released);
}

}  // namespace vmft::test
