#pragma once

#include "base/types.h"

namespace vmft {

/// A point in the guest's instruction stream: the machine has retired `ticks`
/// instructions and has done nothing since. In particular a pending interrupt is
/// not yet delivered and a fault of the next instruction not yet taken. A run
/// stops only at such points, so any two machines stopped at the same `ticks` of
/// the same log hold the same bytes.
///
/// While the vCPU is halted, `ticks` stands still: several inputs may share a
/// position and apply in their order.
struct Position {
    u64 ticks = 0;  ///< Instructions retired; each iteration of a REP counts one.
    u64 rip = 0;    ///< Check: of the next instruction.
    u64 rcx = 0;    ///< Check: tells the iterations of a REP apart.

    bool operator==(const Position&) const = default;
};

}  // namespace vmft
