#include "determinism/log_replay.h"

namespace vmft::test {

bool LogReplay::add(const std::vector<u8>& frame) {
    Segment segment;
    refused_ = decode_frame(frame, segment);
    if (refused_ != LogFault::none) return false;
    std::string reason;
    refused_ = feed_.add(std::move(segment), frame.size(), reason);
    if (refused_ != LogFault::none) return false;
    std::atomic<bool> cancel{false};
    result_ = replay_.execute(feed_.take(), Replay::no_limit, cancel);
    return result_ == Replay::Result::executed || result_ == Replay::Result::ended;
}

bool LogReplay::add_all(const RecordedRun& run, size_t first, size_t last) {
    for (size_t i = first; i < last && i < run.frames.size(); i++)
        if (!add(first == 0 ? run.frames[i] : changed_frame(run.frames[i], [&](Segment& segment) {
                segment.sequence = i - first;
            })))
            return false;
    return true;
}

}  // namespace vmft::test
