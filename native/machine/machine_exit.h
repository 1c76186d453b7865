#pragma once

#include "base/types.h"
#include "device/device.h"

namespace vmft {

/// Why Machine::run came back.
enum class ExitKind : u8 {
    position = 0,  ///< The ticks asked for are reached; by branches see Machine::run.
    halted,        ///< The vCPU waits for an interrupt: only an input can go on.
    power_off,     ///< From here on the machine has ended: it stays at this position for good.
    guest_reset,
    triple_fault,
    stuck,  ///< limits::fault_deliveries_max exceptions in a row without a retired instruction.
};

struct MachineExit {
    ExitKind kind = ExitKind::position;
    u64 next_deadline_ns = no_deadline_ns;  ///< When halted: virtual time of the next timer.
    /// By branches: not behind an exit that the guest made by itself. What is made a position of
    /// the log here costs a replica an exact stop.
    bool broken_out = false;

    bool ended() const { return kind >= ExitKind::power_off; }
};

}  // namespace vmft
