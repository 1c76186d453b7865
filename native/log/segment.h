#pragma once

#include <vector>

#include "base/position.h"
#include "input/input.h"

namespace vmft {

/// One input, and where it was taken; mirrors Record in proto/log.proto.
struct Record {
    Position position;
    Input input;
};

/// Digests of the machine at a segment's run_until.
struct Digest {
    u64 state = 0;         ///< Machine::state_digest().
    u64 memory = 0;        ///< Pages dirtied since the last memory digest; 0 with no pages.
    u32 memory_pages = 0;  ///< 0: this segment has no memory digest, and no replica takes one here.

    bool operator==(const Digest&) const = default;
};

/// What travels at once; mirrors Segment in proto/log.proto.
struct Segment {
    u64 generation = 0;
    u64 sequence = 0;
    std::vector<Record> records;
    Position run_until;
    Digest digest;
    u64 outputs_produced = 0;
    u64 outputs_released = 0;
};

}  // namespace vmft
