#pragma once

#include <vector>

#include "log/segment.h"

namespace vmft {

/// Builds one segment at a time as protobuf wire format, record by record, and wraps it
/// in a Frame. Bytes are a function of the values: the same segment encodes the same.
class SegmentEncoder {
public:
    /// Begins the next segment; an unfinished one is dropped.
    void begin(u64 generation, u64 sequence);
    void add(const Position& position, const Input& input);

    u64 records() const { return records_; }
    /// Bytes of the segment so far.
    u64 bytes() const { return segment_.size(); }

    /// Ends the segment and gives the Frame's bytes.
    std::vector<u8> finish(const Position& run_until, const Digest& digest, u64 outputs_produced,
                           u64 outputs_released);

private:
    std::vector<u8> segment_;
    u64 records_ = 0;
};

}  // namespace vmft
