#pragma once

#include <functional>
#include <string>

#include "accel/soft/soft_cpu.h"
#include "determinism/random_world.h"
#include "determinism/recorded_run.h"

namespace vmft::test {

/// Two machines of one guest in one random world: one with the translator, one that interprets.
/// They are run to the same random ticks, and compared there. One set of disks serves both: what
/// each asks of them, with the data of writes, is compared before any of it is done.
struct LockstepPlan {
    u64 seed = 1;
    u64 ticks_max = 0;          ///< Where it ends when the guest has not ended before.
    u64 apart_ticks_max = 0;    ///< Between two stops; drawn.
    u64 stops_max = ~u64{0};    ///< And then, for a guest that only waits.
    u64 stops_per_memory = 16;  ///< Memory written since is compared at every so many stops.
    TranslatorOptions options;
    RandomWorld::Habits habits;
    /// A bug of the tested CPU, at the first stop behind these ticks.
    u64 fault_ticks = ~u64{0};
    void (*fault)(soft::Cpu&) = nullptr;
};

struct LockstepResult {
    u64 stops = 0, ticks = 0;
    u64 drawn_stops = 0;  ///< Of these, at the tick drawn; others are behind an output or a request
                          ///< of a disk's, or where the guest is halted.
    u64 disk_requests = 0;
    ExitKind end = ExitKind::position;
    std::string console;
    std::string difference;  ///< What differs first, and at which instruction; empty: nothing.
};

/// Where the two differ, the run is done again to narrow it down to the first tick that shows it.
LockstepResult run_lockstep(const GuestStart& guest, const LockstepPlan& plan);

}  // namespace vmft::test
