#include "runner/segment_feed.h"

namespace vmft {

void SegmentFeed::start(std::optional<u64> generation) {
    *this = {};
    any_generation_ = !generation.has_value();
    generation_known_ = generation.has_value();
    generation_ = generation.value_or(0);
}

LogFault SegmentFeed::add(Segment&& segment, u64 frame_bytes, std::string& reason) {
    bool newer = any_generation_ && (!generation_known_ || segment.generation > generation_);
    if (segment.generation != generation_ && !newer) {
        reason = "expected generation " + std::to_string(generation_) + ", found " +
                 std::to_string(segment.generation);
        return LogFault::generation;
    }
    u64 expected = newer ? 0 : next_sequence_;
    if (segment.sequence != expected) {
        reason = "expected segment " + std::to_string(expected) + " of generation " +
                 std::to_string(segment.generation) + ", found " + std::to_string(segment.sequence);
        return LogFault::sequence;
    }
    const Position& first =
        segment.records.empty() ? segment.run_until : segment.records.front().position;
    if (first.ticks < run_until_.ticks || first.exits < run_until_.exits) {
        reason = "segment " + std::to_string(segment.sequence) +
                 " begins before the end of the one ahead of it";
        return LogFault::positions_backwards;
    }
    if (waiting_bytes_ + frame_bytes > waiting_bytes_max) {
        reason =
            "more than " + std::to_string(waiting_bytes_max) + " bytes of log wait to be executed";
        return LogFault::too_long;
    }
    generation_known_ = true;
    generation_ = segment.generation;
    next_sequence_ = segment.sequence + 1;
    run_until_ = segment.run_until;
    waiting_bytes_ += frame_bytes;
    waiting_.push_back({std::move(segment), frame_bytes});
    return LogFault::none;
}

Segment SegmentFeed::take() {
    Segment segment = std::move(waiting_.front().segment);
    waiting_bytes_ -= waiting_.front().bytes;
    waiting_.pop_front();
    return segment;
}

}  // namespace vmft
