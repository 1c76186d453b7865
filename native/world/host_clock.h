#pragma once

#include "base/types.h"

namespace vmft {

/// Nanoseconds of the host's monotonic clock; its zero means nothing. Never runs backwards.
u64 host_monotonic_ns();
/// Nanoseconds since 1970 (UTC) by the host's wall clock; may jump.
u64 host_realtime_ns();

}  // namespace vmft
