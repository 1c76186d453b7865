#pragma once

#include <span>

#include "log/log_fault.h"
#include "log/segment.h"

namespace vmft {

/// Decodes and checks one Frame: checksum, wire format, ranges, order of positions.
/// Total on any bytes; `segment` is meaningful only when the result is LogFault::none.
LogFault decode_frame(std::span<const u8> frame, Segment& segment);

}  // namespace vmft
