#pragma once

#include "base/types.h"

namespace vmft {

/// A point in the guest's instruction stream: the machine has retired all that lies before it
/// and has done nothing since. In particular a pending interrupt is
/// not yet delivered and a fault of the next instruction not yet taken. A run
/// stops only at such points, so any two machines stopped at the same position of
/// the same log hold the same bytes.
///
/// While the vCPU is halted a position stands still: several inputs may share it and apply in
/// their order.
///
/// What `ticks` counts is the accelerator's (TickUnit). Instructions name a position alone, and
/// rip and rcx are a check. Conditional branches do not: many instructions share a tick, so there
/// the other fields are part of the name (docs/determinism.md).
struct Position {
    u64 ticks = 0;
    u64 rip = 0;        ///< Of the next instruction.
    u64 rcx = 0;        ///< Tells the iterations of a REP apart.
    u64 registers = 0;  ///< Hash of the general registers; 0 where ticks count instructions.
    u64 exits = 0;      ///< Exits the guest has made by itself; 0 where ticks count instructions.

    bool operator==(const Position&) const = default;
};

}  // namespace vmft
